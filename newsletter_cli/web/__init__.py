"""Web: the readers' pages. One-click unsubscribe, its page, web copies of digests, their pictures.

`app.create_app` makes the application, `server.PageServer` runs it; `theme.load_theme` draws its pages with templates.
"""
