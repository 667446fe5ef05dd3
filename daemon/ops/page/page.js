
"use strict";
const poll_ms = 1000;
const answer_ms_max = 5000;
const history_length = 120;
const rows_max = 200;

// What each state means and what to do about it: tone, sign and sentence.
const states = {
  flowing: ["good", "●", ""],
  throttled: ["warn", "◐", "The destination asks for a slower pace. Nothing to do: it goes on by itself, and nothing is lost."],
  broken: ["bad", "▲", "Requests failed one after the other. Look at the destination and the way to it; a probe goes out regularly and sending resumes by itself. Nothing is lost."],
  blocked: ["bad", "■", "The destination refuses this route as a whole: check its key, permissions, and that the target exists. It goes on by itself once that is mended. Nothing is lost."],
  suspect: ["bad", "■", "A batch fails again and again while others are written: a record in it seems to make the destination fail. It is halved until that record stands alone, which becomes a dead letter in the end. Nothing is lost."],
  paused: ["warn", "‖", "An operator paused or drained this route. headrace route resume makes it read on. Nothing is lost."],
  stopped: ["bad", "✕", "A record must be dead-lettered and there is no usable dead-letter topic. Create or configure it; the route tries again by itself. Nothing is lost."],
};
const joining = ["warn", "◌", ""];
const unknown_state = ["warn", "?", ""];

const by_id = (id) => document.getElementById(id);
const cards = new Map();
let last_answer = null;
let silent_since = null;

// Every text from the daemon enters the page here, as text.
function set_text(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
function make(tag, class_name, parent, text) {
  const node = document.createElement(tag);
  if (class_name) node.className = class_name;
  if (text) node.textContent = text;
  if (parent) parent.append(node);
  return node;
}

const count = (n) => n === null || n === undefined ? "–" : n.toLocaleString("en-US");
function rate(n) {
  if (n === null || n === undefined) return "–";
  return n.toLocaleString("en-US", { maximumFractionDigits: n < 100 ? 1 : 0 });
}
function bytes(n) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  while (n >= 1024 && at < units.length - 1) { n /= 1024; ++at; }
  return n.toLocaleString("en-US", { maximumFractionDigits: n < 10 && at > 0 ? 1 : 0 }) + " " + units[at];
}
function span(secs) {
  if (secs === null || secs === undefined) return "–";
  if (secs < 10) return secs.toFixed(1) + " s";
  secs = Math.floor(secs);
  if (secs < 60) return secs + " s";
  if (secs < 3600) return Math.floor(secs / 60) + " min " + secs % 60 + " s";
  const hours = Math.floor(secs / 3600);
  if (hours < 48) return hours + " h " + Math.floor(secs % 3600 / 60) + " min";
  return Math.floor(hours / 24) + " d " + hours % 24 + " h";
}
function clock(date) {
  const time = date.toLocaleTimeString("en-GB");
  return date.toDateString() === new Date().toDateString() ? time : date.toLocaleDateString("en-CA") + " " + time;
}
const sum = (counts) => Object.values(counts).reduce((total, n) => total + n, 0);
function breakdown(counts) {
  return Object.entries(counts).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1])
    .map(([name, n]) => name + " " + count(n)).join(", ");
}

function make_tile(card, label) {
  const tile = make("div", "tile", card.tiles);
  make("dt", "", tile, label);
  const value = make("dd", "big", tile);
  return { tile, number: value.appendChild(document.createTextNode("–")), unit: make("small", "", value),
           more: make("dd", "more", tile) };
}
function fill_tile(tile, number, unit, more, is_alarm) {
  if (tile.number.data !== number) tile.number.data = number;
  set_text(tile.unit, unit ? " " + unit : "");
  set_text(tile.more, more || "");
  tile.tile.classList.toggle("alarm", Boolean(is_alarm));
}
function make_line(tile) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("viewBox", "0 0 " + (history_length - 1) + " 24");
  picture.setAttribute("preserveAspectRatio", "none");
  picture.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "polyline");
  picture.append(line);
  tile.more.replaceWith(picture);
  return line;
}
function draw_line(line, numbers) {
  const top = Math.max(1, ...numbers);
  const first = history_length - numbers.length;
  line.setAttribute("points", numbers.map((n, at) => (first + at) + "," + (23 - n / top * 22).toFixed(1)).join(" "));
}

function make_card(name) {
  const root = make("section", "route", by_id("routes"));
  const head = make("div", "head", root);
  const card = { root, history: [], rows: new Map() };
  card.name = make("h2", "", head, name);
  card.type = make("span", "type", head);
  card.state = make("span", "state", head);
  card.since = make("span", "since", head);
  card.why = make("div", "why", root);
  card.reason = make("b", "", card.why);
  card.advice = make("small", "", card.why);
  card.tiles = make("dl", "tiles", root);
  for (const [key, label] of [["written", "Written"], ["read", "Read"], ["lag", "Lag"], ["open", "In flight"],
      ["requests", "Requests at once"], ["errors", "Failed requests"], ["dead", "Dead letters"], ["memory", "Memory"]]) {
    card[key] = make_tile(card, label);
  }
  card.written_line = make_line(card.written);
  card.read_line = make_line(card.read);
  card.memory_bar = make("progress", "");
  card.memory.more.before(card.memory_bar);
  make_partitions(card);
  return card;
}
function make_partitions(card) {
  const details = make("details", "", card.root);
  details.open = true;
  card.partitions_title = make("summary", "", details);
  card.nothing = make("p", "empty", details);
  card.scroll = make("div", "scroll", details);
  const table = make("table", "", card.scroll);
  const row = make("tr", "", make("thead", "", table));
  for (const label of ["Partition", "Records read", "Committed", "End", "Lag", "Lag time", "Held by offset", "For", "Attempts", "Why"]) {
    make("th", "", row, label).scope = "col";
  }
  card.rows_parent = make("tbody", "", table);
}

// A route that nothing holds, but that has no group yet, does not flow.
const state_word = (route) => route.state === "flowing" && !route.joined ? "joining" : route.state;

function show_state(card, route) {
  const word = state_word(route);
  const [tone, sign, advice] = word === "joining" ? joining : states[word] || unknown_state;
  card.root.className = "route " + tone;
  set_text(card.type, "→ " + route.destination);
  set_text(card.state, sign + " " + word);
  const since = new Date(route.since);
  const age = Math.max(0, (Date.now() - since.getTime()) / 1000);
  set_text(card.since, "since " + clock(since) + " (" + span(age) + ")");
  const reasons = [route.reason, route.trouble].filter(Boolean);
  if (reasons.length === 0 && word === "joining") reasons.push("It has not joined its consumer group yet.");
  set_text(card.reason, reasons.join(" · "));
  set_text(card.advice, advice);
  card.why.hidden = reasons.length === 0 && advice === "";
}

function remember(card, route) {
  card.history.push({ read: route.rates.read || 0, written: route.rates.written || 0,
                      errors: sum(route.requests.errors), dead: route.records.dead_lettered });
  if (card.history.length > history_length) card.history.shift();
}
function lately(card, key) {
  const minute = Math.floor(60000 / poll_ms);
  const last = card.history[card.history.length - 1];
  const first = card.history[Math.max(0, card.history.length - 1 - minute)];
  const grown = last[key] - first[key];
  return grown > 0 ? "+" + count(grown) + " in the last minute" : "";
}

function show_tiles(card, route) {
  const lag = route.partitions.reduce((total, p) => total + p.lag_records, 0);
  const lag_secs = route.partitions.reduce((most, p) => Math.max(most, p.lag_secs), 0);
  const errors = sum(route.requests.errors);
  const join = (...parts) => parts.filter(Boolean).join(" · ");
  fill_tile(card.written, rate(route.rates.written), "records/s");
  fill_tile(card.read, rate(route.rates.read), "records/s");
  draw_line(card.written_line, card.history.map((h) => h.written));
  draw_line(card.read_line, card.history.map((h) => h.read));
  fill_tile(card.lag, count(lag), "records", lag > 0 ? span(lag_secs) + " behind" : route.partitions.length > 0 ? "up to date" : "");
  const lost = route.records.unaccounted;
  fill_tile(card.open, count(route.records.in_flight), "records",
            lost === 0 ? bytes(route.records.in_flight_bytes) : count(lost) + " unaccounted for: please report this", lost !== 0);
  fill_tile(card.requests, count(route.concurrency.in_flight), "of " + count(Math.floor(route.concurrency.limit)),
            count(route.requests.write) + " sent");
  fill_tile(card.errors, count(errors), "", join(lately(card, "errors"), breakdown(route.requests.errors)), lately(card, "errors") !== "");
  fill_tile(card.dead, count(route.records.dead_lettered), "", join(lately(card, "dead"), breakdown(route.dead_letters)),
            lately(card, "dead") !== "");
  fill_tile(card.memory, bytes(route.memory.bytes), "", "of " + bytes(route.memory.limit_bytes));
  card.memory_bar.max = Math.max(1, route.memory.limit_bytes);
  card.memory_bar.value = route.memory.bytes;
}

function show_partitions(card, route) {
  let shown = route.partitions;
  if (shown.length > rows_max) shown = [...shown].sort((a, b) => b.lag_records - a.lag_records).slice(0, rows_max);
  const held = route.partitions.filter((p) => p.blocking && p.blocking.error).length;
  const left_out = route.partitions.length - shown.length;
  set_text(card.partitions_title, count(route.partitions.length) + (route.partitions.length === 1 ? " partition" : " partitions") +
    (held ? ", " + count(held) + " held by a failing record" : "") +
    (left_out ? "; shown are the " + rows_max + " with the most lag" : ""));
  set_text(card.nothing, route.joined ? "No partition is assigned to this process." : "");
  card.nothing.hidden = route.partitions.length > 0 || !route.joined;
  card.scroll.hidden = route.partitions.length === 0;
  const present = new Set();
  for (const partition of shown) {
    const key = partition.topic + " / " + partition.partition;
    present.add(key);
    show_partition(card, key, partition);
  }
  for (const [key, row] of card.rows) {
    if (!present.has(key)) { row.remove(); card.rows.delete(key); }
  }
}
function show_partition(card, key, partition) {
  let row = card.rows.get(key);
  if (!row) {
    row = make("tr", "", card.rows_parent);
    for (let at = 0; at < 10; ++at) make("td", "", row);
    card.rows.set(key, row);
  }
  const held = partition.blocking;
  const texts = [key, count(partition.read), count(partition.committed), count(partition.end), count(partition.lag_records),
    partition.lag_secs > 0 ? span(partition.lag_secs) : "–",
    ...(held ? [count(held.offset), span(held.age_secs), count(held.attempts), held.error] : ["–", "–", "–", ""])];
  texts.forEach((text, at) => set_text(row.cells[at], text));
  row.classList.toggle("held", Boolean(held && held.error));
}

function show(status) {
  if (last_answer && status.uptime_secs < last_answer.uptime_secs) {
    for (const card of cards.values()) card.history = [];
  }
  const present = new Set(status.routes.map((route) => route.name));
  for (const [name, card] of cards) {
    if (!present.has(name)) { card.root.remove(); cards.delete(name); }
  }
  for (const route of status.routes) {
    if (!cards.has(route.name)) cards.set(route.name, make_card(route.name));
    const card = cards.get(route.name);
    remember(card, route);
    show_state(card, route);
    show_tiles(card, route);
    show_partitions(card, route);
  }
  const tally = {};
  for (const route of status.routes) tally[state_word(route)] = (tally[state_word(route)] || 0) + 1;
  const bad = status.routes.filter((route) => (states[route.state] || unknown_state)[0] === "bad");
  set_text(by_id("summary"), count(status.routes.length) + (status.routes.length === 1 ? " route: " : " routes: ") +
    Object.entries(tally).map(([state, n]) => n + " " + state).join(", "));
  set_text(by_id("version"), "Headrace " + status.version + ", up " + span(status.uptime_secs));
  document.title = (bad.length ? "⚠ " + bad[0].name + " " + bad[0].state + " – " : "") + "Headrace";
}

function show_pulse(trouble) {
  const now = new Date();
  const is_silent = trouble !== "";
  if (is_silent && !silent_since) silent_since = now;
  if (!is_silent) silent_since = null;
  by_id("pulse").className = is_silent ? "silent" : "live";
  set_text(by_id("pulse-text"), is_silent ? "no answer" : "live");
  document.body.classList.toggle("stale", is_silent);
  by_id("silent").hidden = !is_silent;
  if (!is_silent) return;
  document.title = "⚠ no answer – Headrace";
  set_text(by_id("silent"), "The daemon has not answered since " + clock(silent_since) + " (" + trouble + "). " +
    (last_answer ? "What stands below is from " + clock(last_answer.at) + "." : "") + " Asking again each second.");
}

async function ask() {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), answer_ms_max);
  try {
    const answer = await fetch("status", { cache: "no-store", signal: limit.signal });
    if (!answer.ok) throw new Error("HTTP status " + answer.status);
    const status = await answer.json();
    show(status);
    last_answer = { at: new Date(), uptime_secs: status.uptime_secs };
    return "";
  } catch (error) {
    if (error.name === "AbortError") return "nothing within " + answer_ms_max / 1000 + " s";
    return error.name === "TypeError" ? "no connection" : error.message;
  } finally {
    clearTimeout(timer);
  }
}

async function run() {
  for (;;) {
    show_pulse(await ask());
    await new Promise((resume) => setTimeout(resume, poll_ms));
  }
}
run();
