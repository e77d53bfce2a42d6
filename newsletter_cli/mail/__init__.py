"""Mail: the bytes. Addresses, tokens, header fields, MIME, segments, a reader's values poured in.

content.Content, document.Document, reader.Reader · address.parse_address, parse_mailbox, AddressReader ·
mistyped.likely_mistyped · tokens.Keyring, links.Links · message.compile_content → Compiled.fill → Message ·
rendering.render_sample, render_public, required_fields · problems.MailProblem and its kinds
"""
