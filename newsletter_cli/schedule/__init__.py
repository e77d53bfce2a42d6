"""Schedule: moments in the newsroom's time zone, as people type them."""
