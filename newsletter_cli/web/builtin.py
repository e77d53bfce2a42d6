"""The page as it is drawn when no template can: plain and complete, without any library."""

from html import escape
from typing import Final

from newsletter_cli.web.sheet import Form, Question, Sheet

STYLE: Final = (
    ":root{color-scheme:light dark}"
    "body{font:18px/1.8 'Segoe UI','Noto Sans Arabic',Tahoma,Arial,sans-serif}"
    "body{max-width:34em;margin:2em auto;padding:0 1em}"
    "button{font:inherit;min-height:44px;padding:.3em 1.5em}"
    "input{font:inherit;display:block;width:100%;box-sizing:border-box;min-height:44px;margin:.5em 0}"
    "[type=radio]{display:inline-block;width:1.2em;min-height:1.2em;margin:0 .6em;vertical-align:middle}"
    "label{display:block;min-height:44px}"
)


def built_in_page(sheet: Sheet) -> tuple[str, str]:
    """(page, its style): HTML in the sheet's language and direction."""
    body = [
        f"<h1>{sheet.title}</h1>",
        *([f'<p role="status">{sheet.status}</p>'] if sheet.status else []),
        *(f"<p>{paragraph}</p>" for paragraph in sheet.paragraphs),
    ]
    body += [_form(form) for form in sheet.forms]
    items = "".join(f'<li><a href="{escape(link.href)}">{link.text}</a> {link.note}</li>' for link in sheet.links)
    body += [f"<ul>{items}</ul>"] if items else []
    page = (
        f'<!DOCTYPE html>\n<html lang="{escape(sheet.language)}" dir="{sheet.direction}">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{sheet.title}</title><style>{STYLE}</style></head>\n"
        f"<body><main>{''.join(body)}</main><p>{sheet.newsroom}</p></body></html>\n"
    )
    return page, STYLE


def _form(form: Form) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in form.hidden
    )
    field = f'<label>{form.question}<input name="reason" maxlength="200"></label>' if form.question else ""
    field += "".join(map(_question, form.questions))
    hint = f"<p>{form.hint}</p>" if form.hint else ""
    button = f'<button name="action" value="{escape(form.button.value)}">{form.button.label}</button>'
    return f'{hint}<form method="post" action="{escape(form.action)}">{hidden}{field}{button}</form>'


def _question(question: Question) -> str:
    options = "".join(
        f'<label><input type="radio" name="{escape(question.name)}" value="{escape(option.value)}"'
        f"{' checked' if option.chosen else ''}>{option.label}</label>"
        for option in question.options
    )
    note = f"<p>{question.note}</p>" if question.note else ""
    return f"<fieldset><legend>{question.legend}</legend>{note}{options}</fieldset>"
