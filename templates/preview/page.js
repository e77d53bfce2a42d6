"use strict";
// All texts of the digest are set as text, never as markup. The frame runs no script: it is sandboxed, and only
// measured and marked from here.
const $ = (id) => document.getElementById(id);
const t = JSON.parse(document.body.dataset.words);
const asked = new URLSearchParams(location.search);
const key = asked.get("k");
const state = { tab: "html", width: 600, scheme: "light", pictures: true, style: true, as: asked.get("as") || "" };
let shown = null;
let turn = 0;
let place = null;

const address = (path, more = {}) => path + "?" + new URLSearchParams({ k: key, ...more });
const make = (tag, words = "", name = "") => {
  const made = document.createElement(tag);
  if (words !== "") made.textContent = words;
  if (name) made.className = name;
  return made;
};
const apart = (words, dir = "auto") => { const made = make("bdi", words); made.dir = dir; return made; };
const filled = (words, place, node) => { const [front, behind] = words.split(place); return [front, node, behind]; };
const kb = (bytes) => (bytes / 1024).toFixed(1) + " KB";

async function refresh() {
  const mine = ++turn;
  const answer = await fetch(address("/look", { as: state.as }));
  const found = await answer.json();
  if (mine !== turn) return;
  shown = found;
  draw();
}

function draw() {
  const broken = Boolean(shown.fault);
  if (broken && $("fault").hidden) place = scrollY; // without the frame there is nothing to scroll
  $("fault").hidden = !broken;
  $("inbox").hidden = $("stage").hidden = broken;
  if (shown.version) $("version").textContent = shown.version;
  if (broken) drawFault(shown.fault);
  else { drawInbox(); drawStage(); }
  if (shown.facts) { drawPeople(); drawProblems(); drawFacts(); drawTest(); }
  else { $("problems").replaceChildren(); $("facts").replaceChildren(); $("test").disabled = true; }
  document.body.dataset.drawn = String(Number(document.body.dataset.drawn || 0) + 1);
}

function drawFault(fault) {
  const lines = make("pre");
  lines.tabIndex = 0;
  for (const [number, words] of fault.around)
    lines.append(make(number === fault.line ? "b" : "span", String(number).padStart(4) + "  " + words), "\n");
  const parts = [make("h2", t.fault), apart(fault.message)];
  if (fault.around.length) parts.push(lines);
  if (fault.fix) parts.push(make("p", fault.fix));
  parts.push(make("p", t.fixed_soon, "quiet"));
  $("fault").replaceChildren(...parts);
}

function drawInbox() {
  const { sender, address: from, cuts, preheader } = shown.inbox;
  $("rows").replaceChildren(...cuts.map(({ at, text }) => {
    const row = make("div", "", "row"), name = make("b"), subject = make("span"), pre = make("span", "", "pre");
    name.append(apart(sender)); name.title = from;
    subject.append(apart(text)); pre.append(apart(preheader));
    row.append(name, subject, make("span", at + " · " + (at < 50 ? t.phone : t.desktop), "where"), pre);
    return row;
  }));
}

function drawStage() {
  const framed = state.tab === "html" || state.tab === "web";
  $("desk").hidden = !framed;
  $("tools").hidden = !framed;
  $("sheet").hidden = state.tab === "html";
  $("desk").classList.toggle("dark", state.scheme === "dark");
  if (framed) loadFrame();
  const draws = { text: drawText, headers: drawHeaders, source: drawSource, web: drawCard };
  if (draws[state.tab]) $("sheet").replaceChildren(...draws[state.tab]());
}

function loadFrame() {
  const frame = $("frame"), web = state.tab === "web";
  frame.title = web ? t.copy_page : t.frame;
  frame.width = state.width;
  const url = address(web ? "/web" : "/frame", {
    as: state.as, scheme: state.scheme, pictures: state.pictures ? "on" : "off", style: state.style ? "on" : "off",
    v: shown.version,
  });
  // The frame keeps its height until the new page is there, so the editor stays where he was.
  frame.onload = () => {
    fit();
    if (place !== null) { scrollTo(0, place); place = null; }
  };
  frame.contentWindow.location.replace(url); // leaves no step behind for the back button
}

function fit() {
  const page = $("frame").contentDocument;
  if (!page || !page.documentElement) return;
  const measure = () => { $("frame").height = Math.max(200, page.documentElement.getBoundingClientRect().height); };
  measure();
  for (const picture of page.images) if (!picture.complete) picture.addEventListener("load", measure);
}

function drawText() {
  const made = make("pre", shown.text.replaceAll("\r\n", "\n"));
  made.dir = shown.facts.direction;
  return [made];
}

function drawHeaders() {
  const link = make("a", t.message);
  link.href = address("/message.eml", { as: state.as });
  return [link, ...shown.headers.map(({ name, value, decoded, about, missing }) => {
    const list = make("dl", "", missing ? "absent" : "");
    list.append(make("dt", missing ? `${name} · ${t.missing}` : name));
    if (value) list.append(make("dd", value, "value"));
    if (decoded) { const dd = make("dd", t.decoded + " "); dd.append(apart(decoded)); list.append(dd); }
    if (about) list.append(make("dd", about, "about"));
    return list;
  })];
}

function drawSource() {
  const pre = make("pre", "", "source");
  for (const [words, marked] of shown.source) pre.append(marked ? make("mark", words) : words);
  return [make("p", t.marked, "quiet"), pre];
}

function drawCard() {
  const card = make("div", "", "card"), words = make("div");
  if (shown.card.picture) {
    const picture = make("img");
    picture.src = `${document.body.dataset.pictures}/${shown.card.picture}`;
    picture.alt = shown.card.alt;
    card.append(picture);
  }
  const title = make("b"), text = make("p"), site = make("p", "", "quiet");
  title.append(apart(shown.card.title)); text.append(apart(shown.card.text)); site.append(apart(shown.card.site, "ltr"));
  words.append(title, text, site);
  card.append(words);
  return [make("h2", t.card), card];
}

function drawPeople() {
  const option = (value, words) => { const made = make("option", words); made.value = value; return made; };
  const people = [...shown.people];
  if (state.as.includes("@") && !people.includes(state.as)) people.unshift(state.as);
  $("people").replaceChildren(...people.map((one) => option(one, one)));
  $("people").hidden = people.length === 0;
  $("cast").replaceChildren(...shown.cast.map((one) => option(one, t[one])));
  $("as").value = state.as;
}

function drawProblems() {
  const list = shown.problems.map((one) => {
    const item = make("li", "", one.level), head = make("p");
    head.append(make("span", `${t[one.level]} ${one.code}`, "level"), " ", apart(one.text));
    const place = one.line ? `${one.file}:${one.line}` : one.file, where = make("span", "", "place");
    where.append(apart(place, "ltr"));
    item.append(head, where);
    if (one.fix) item.append(make("p", one.fix, "quiet"));
    if (one.quote && !shown.fault) item.append(button(t.show, (self) => { if (!light(one.quote)) self.textContent = t.not_shown; }));
    if (one.line && shown.facts.can_open) item.append(button(t.open, async (self) => {
      const answer = await fetch(address("/open", { file: one.file, line: one.line }), { method: "POST" });
      if (!answer.ok || !(await answer.json()).opened) self.textContent = t.not_opened;
    }));
    if (one.line) item.append(button(t.copy, async (self) => {
      await navigator.clipboard.writeText(place); self.textContent = t.copied;
    }));
    return item;
  });
  $("problems").replaceChildren(...(list.length ? list : [make("li", t.no_problems, "fine")]));
}

function button(words, act) {
  const made = make("button", words);
  made.type = "button";
  made.addEventListener("click", () => act(made));
  return made;
}

// The element whose words are those of a line in the editor's file: invisible marks and Markdown do not count.
const bare = (words) => words.normalize("NFC").replace(/^\s*[\w-]+:\s*/, "").replace(/[^\p{L}\p{N}]+/gu, "");
function light(quote) {
  const page = $("frame").contentDocument, wanted = bare(quote);
  if (!page || !page.body || !wanted || state.tab !== "html") return false;
  for (const old of page.querySelectorAll("[data-lit]")) { old.style.outline = ""; delete old.dataset.lit; }
  const found = [...page.body.querySelectorAll("p, h1, h2, h3, h4, li, td, a, div")]
    .filter((one) => { const words = bare(one.textContent); return words && (words.includes(wanted.slice(0, 60)) || (words.length > 8 && wanted.includes(words))); })
    .sort((a, b) => a.textContent.length - b.textContent.length)[0];
  if (!found) return false;
  found.dataset.lit = "yes";
  found.style.outline = "4px solid #d8a45f";
  scrollTo({ top: $("frame").getBoundingClientRect().top + scrollY + found.getBoundingClientRect().top - 120, behavior: "instant" });
  return true;
}

function drawFacts() {
  const f = shown.facts, parts = [], told = (head, ...rest) => parts.push(make("h3", head), ...rest);
  if (f.sent) parts.push(make("p", t.sent_already, "bad"));
  if (shown.links) {
    const list = make("ul", "", "links");
    list.tabIndex = 0;
    list.setAttribute("aria-label", t.links);
    list.append(...shown.links.map(({ url, words, own }) => {
      const item = make("li");
      item.append(apart(words || "—"), make("br"), apart(own ? t.own_link : url, own ? "auto" : "ltr"));
      return item;
    }));
    told(`${t.links} · ${shown.links.length}`, list);
    if (shown.remote.length) parts.push(make("p", t.remote, "bad"), ...shown.remote.map((url) => { const p = make("p", "", "quiet"); p.append(apart(url, "ltr")); return p; }));
  }
  told(t.one_click, make("p", f.signed ? t.one_click_yes : t.one_click_no, f.signed ? "" : "bad"));
  if (shown.bytes) { const p = make("p"); p.append(apart(kb(shown.bytes.text), "ltr")); told(t.text_part, p); }
  const programs = make("p", "", f.score < 90 ? "bad" : "");
  programs.append(apart(f.score + " %", "ltr"), ...(f.worst ? [" · ", ...filled(t.worst, "{client}", apart(f.worst, "ltr"))] : []));
  told(t.programs, programs);
  const way = make("p", t[f.direction] + " · ");
  way.append(apart(f.language, "ltr"));
  told(t.direction, way);
  const meter = make("div", "", "meter " + (f.size >= f.error ? "error" : f.size > f.warning ? "warning" : "")), fill = make("i");
  fill.style.width = Math.min(100, (100 * f.size) / f.gmail) + "%";
  meter.append(fill);
  const size = make("p");
  size.append(apart(kb(f.size), "ltr"), " · ", ...filled(t.gmail, "{size}", apart(kb(f.gmail), "ltr")));
  told(t.size, meter, size);
  const readers = make("p", f.readers === null ? t.no_readers : f.readers.toLocaleString("en"));
  if (f.before !== null && f.readers !== null) {
    const change = f.readers - f.before, number = apart((change >= 0 ? "+" : "") + change, "ltr");
    readers.append(" · ", ...filled(t.since, "{n}", number));
  }
  told(t.readers, readers);
  told(t.last_test, make("p", f.tested || t.never));
  if (f.tested) parts.push(make("p", f.tested_this ? t.this_version : t.older_version, f.tested_this ? "" : "bad"));
  $("facts").replaceChildren(...parts);
}

function drawTest() {
  const f = shown.facts, able = f.can_test && f.test_to.length > 0 && !shown.fault;
  $("test").disabled = !able;
  $("test").title = !f.can_test ? t.article_alone : !f.test_to.length ? t.no_address : f.live ? f.test_to.join(" ") : t.not_live;
}

async function sendTest() {
  $("test").disabled = true;
  $("told").textContent = t.sending;
  let told;
  try {
    told = await (await fetch(address("/test", { as: state.as }), { method: "POST" })).json();
  } catch { told = { ok: false, problem: t.lost, lines: [] }; }
  $("told").replaceChildren(make("span", told.ok ? (told.live ? t.tested_ok : t.tested_files) : t.tested_bad), " ");
  if (told.problem) $("told").append(apart(told.problem));
  for (const [to, said] of told.lines) $("told").append(apart(to, "ltr"), " — ", apart(said), " ");
  await refresh();
}

function choose(group, name, act) {
  $(group).addEventListener("click", ({ target }) => {
    const pressed = target.closest("button");
    if (!pressed) return;
    for (const one of $(group).querySelectorAll("button")) one.setAttribute("aria-pressed", String(one === pressed));
    act(pressed.dataset[name]);
    if (shown && !shown.fault) drawStage();
  });
}
function toggle(id) {
  $(id).addEventListener("click", () => {
    state[id] = !state[id];
    $(id).setAttribute("aria-pressed", String(!state[id]));
    if (shown && !shown.fault) drawStage();
  });
}

choose("tabs", "tab", (tab) => { state.tab = tab; });
choose("widths", "width", (width) => { state.width = Number(width); });
choose("schemes", "scheme", (scheme) => { state.scheme = scheme; });
toggle("pictures");
toggle("style");
$("as").addEventListener("change", () => { state.as = $("as").value; refresh(); });
$("test").addEventListener("click", sendTest);
if (innerWidth < 640) $("widths").firstElementChild.click(); // what fits
new EventSource(address("/events")).onmessage = () => refresh();
