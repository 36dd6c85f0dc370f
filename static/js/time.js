// Relative times and countdowns, kept fresh. The server wrote both already: without this they only stand still.

const UNITS = [[86400, "d"], [3600, "h"], [60, "min"]];

/** Two units at most, whole minutes: "2 d 3 h", "45 min", "under 1 min". The same words as the server's. */
export function span(seconds) {
  let rest = Math.floor(Math.abs(seconds) / 60) * 60;
  if (rest < 60) return "under 1 min";
  const parts = [];
  for (const [size, unit] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count || parts.length) parts.push(count ? `${count} ${unit}` : "");
    if (parts.length === 2) break;
  }
  return parts.filter(Boolean).join(" ");
}

function relative(then, now, form) {
  const seconds = (now - then) / 1000;
  const far = Math.abs(seconds);
  if (far < 45) return seconds >= 0 ? (form === "short" ? "now" : "just now") : "in a moment";
  if (far >= 30 * 86400) return null;
  const [size, unit] = far < 3600 ? [60, "min"] : far < 86400 ? [3600, "h"] : [86400, "d"];
  const text = `${Math.max(1, Math.round(far / size))} ${unit}`;
  if (form === "short") return text;
  return seconds >= 0 ? `${text} ago` : `in ${text}`;
}

export function refresh(root = document) {
  const now = Date.now();
  for (const node of root.querySelectorAll("time[data-relative]")) {
    const text = relative(Date.parse(node.dateTime), now, node.dataset.relative);
    if (text && node.textContent !== text) node.textContent = text;
  }
  for (const node of root.querySelectorAll("[data-due]")) {
    const seconds = (Date.parse(node.dataset.due) - now) / 1000;
    const text = seconds > 0 ? `${span(seconds)} left` : `${span(seconds)} late`;
    if (node.textContent === text) continue;
    node.textContent = text;
    if (seconds <= 0) turnBreached(node);
  }
}

function turnBreached(node) {
  const chip = node.closest(".clock, .dial");
  const kind = chip?.classList.contains("dial") ? "dial" : "clock";
  chip?.classList.remove(`${kind}-running`, `${kind}-soon`);
  chip?.classList.add(`${kind}-breached`);
}

setInterval(refresh, 15000);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
document.addEventListener("htmx:afterSettle", () => refresh());
refresh();
