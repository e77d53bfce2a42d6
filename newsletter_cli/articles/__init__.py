"""Articles: a writer's file becomes one frozen Article."""
