"""L: links."""

from tests.digest.planted import CARD, DIGEST, LEAD, PAGE, SETTINGS, TEXT, Change, Planted

RAIN = "ينتظر المزارعون المطر الأول"
UNSUBSCRIBE = (
    '<a href="[[ unsubscribe ]]" class="footlink">{{ t("digest.unsubscribe") }}</a> · <a href="[[ preferences ]]"'
)


def in_lead(markdown: str) -> tuple[Change, ...]:
    return (Change(LEAD, RAIN, f"{markdown} {RAIN}"),)


def in_intro(markdown: str) -> tuple[Change, ...]:
    return (Change(DIGEST, "نقرأ كل رد", f"{markdown} نقرأ كل رد"),)


def in_footer(html: str) -> tuple[Change, ...]:
    return (Change(PAGE, "{# footer #}", f"<tr><td>{html}</td></tr>\n{{# footer #}}"),)


def of(code: str, changes: tuple[Change, ...], at: str, *, file: str = LEAD, level: str = "error", **more) -> Planted:
    return Planted(code=code, changes=changes, file=file, at=at, level=level, **more)


PLANTED = (
    *(
        of("L303", in_lead(f"[تقرير الموسم]({url})"), "تقرير الموسم")
        for url in (
            "",
            "#top",
            "reports/2026",
            "http://localhost/x",
            "https://10.0.0.7/x",
            "https://192.168.1.4/",
            "http://[::1]/x",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "https://wiki.corp/x",
        )
    ),
    of("L303", in_intro("[تقرير الموسم](reports/2026)"), "تقرير الموسم", file=DIGEST),
    of("L303", in_intro("[تقرير الموسم](javascript:x)"), "تقرير الموسم", file=DIGEST),
    of("L303", in_footer('<a href="#">تقرير</a>'), 'href="#"', file=PAGE),
    of("L303", in_footer('<a href="file:///etc/motd">تقرير</a>'), "file:///", file=PAGE),
    of(
        "L303",
        (Change(CARD, "https://www.akhbar-alhaql.org/school", "http://localhost:8400/school"),),
        "url:",
        file=CARD,
    ),
    of("L304", in_lead("التقرير [هنا](https://www.akhbar-alhaql.org/r)"), "/r)", level="warning"),
    of("L304", in_intro("التقرير [اضغط هنا](https://www.akhbar-alhaql.org/r)."), "/r)", file=DIGEST, level="warning"),
    of("L304", in_footer('<a href="https://www.akhbar-alhaql.org/r">here</a>'), "/r", file=PAGE, level="warning"),
    of(
        "L305",
        (
            Change(PAGE, UNSUBSCRIBE, '<a href="[[ view ]]"'),
            Change(PAGE, '{{ issue.if_large }}<a href="[[ unsubscribe ]]"', '{{ issue.if_large }}<a href="[[ view ]]"'),
        ),
        "",
        file=PAGE,
    ),
    of("L305", (Change(TEXT, "[[ unsubscribe ]]", "[[ view ]]"),), "", file=TEXT),
    of("L306", in_lead("[تقرير الموسم](https://bit.ly/abc)"), "bit.ly", level="warning"),
    of("L306", in_lead("[تقرير الموسم](https://93.184.216.34/abc)"), "93.184", level="warning"),
    of("L307", in_lead("[تقرير الموسم](http://www.akhbar-alhaql.org/r)"), "تقرير الموسم", level="warning"),
    of("L307", (Change(CARD, "url: https:", "url: http:"),), "url:", file=CARD, level="warning"),
    of(
        "L307",
        (Change(SETTINGS, 'website  = "https:', 'website  = "http:'),),
        "website",
        file=SETTINGS,
        level="warning",
    ),
    of("L308", in_lead("[www.sana-news.org](https://www.akhbar-alhaql.org/r)"), "www.sana-news.org"),
    of("L308", in_footer('<a href="https://www.akhbar-alhaql.org/r">sana-news.org</a>'), "sana-news.org", file=PAGE),
    of(
        "L309",
        (Change(PAGE, ' · <a href="[[ view ]]" class="footlink">{{ t("digest.view_in_browser") }}</a>', ""),),
        'class="footlink">{{ t("digest.unsubscribe") }}</a> · {{',
        file=PAGE,
        level="note",
    ),
    of(
        "L310",
        in_lead("[اكتبوا إلينا](mailto:desk@akhbar-alhaql.org?subject=x&bcc=all@akhbar-alhaql.org)"),
        "bcc=",
        level="warning",
        fixable=True,
    ),
    of(
        "L310",
        in_intro("[اكتبوا إلينا](mailto:desk@akhbar-alhaql.org?body=x)"),
        "body=",
        file=DIGEST,
        level="warning",
        fixable=True,
    ),
)
