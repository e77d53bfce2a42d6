"""Digest: articles and a digest file become one rendered issue, checked and frozen.

file.read_digest_file, find_digest, write_digest_file · choose.pick, named, placed · compose.new_file, since_last ·
render.render_issue → model.Issue · freeze.freeze → mail's Content · check.judge.check → findings ·
pictures.picture_bytes → fitting.fitted (drawing: Pillow) · transparency.transparent_ink · suggestions.subjects ·
versions (repository) · standalone.with_pictures_inside. How a theme is written: docs/themes.md.
"""
