// Ctrl-K: a reference, words, or a command of this page. Enter on nothing chosen searches.

const dialog = document.getElementById("palette");
const field = dialog?.querySelector("input");
const list = document.getElementById("palette-list");
let asked = 0;

/** What this page can do, read from its own links: a command cannot offer what the page does not. */
function commands() {
  const acts = [...document.querySelectorAll(".case-acts a, a[data-key='a']")].map((link) => ({ group: "This case", words: link.title || link.textContent.trim(), act: () => link.click() }));
  const macros = [...document.querySelectorAll("[data-macro-key]")].map((link) => ({ group: "Macros", words: link.firstElementChild.textContent.trim(), act: () => link.click() }));
  const places = [...document.querySelectorAll(".rail a.rail-link")].map((link) => ({ group: "Go to", words: (link.querySelector(".rail-label") ?? link).textContent.trim(), act: () => link.click() }));
  return [...acts, ...places, ...macros];
}

function item(command) {
  const node = document.createElement("button");
  node.type = "button";
  node.className = "menu-item";
  node.setAttribute("role", "option");
  node.textContent = command.words;
  node.addEventListener("click", () => { dialog.close(); command.act(); });
  return node;
}

function render(words, found) {
  const wanted = words.toLowerCase();
  const fitting = commands().filter((one) => one.words.toLowerCase().includes(wanted)).slice(0, 14);
  const nodes = [];
  let group = "";
  for (const command of fitting) {
    if (command.group !== group) {
      group = command.group;
      const title = document.createElement("p");
      title.className = "eyebrow";
      title.textContent = group;
      nodes.push(title);
    }
    nodes.push(item(command));
  }
  list.replaceChildren(...found, ...nodes);
  choose(0);
}

const options = () => [...list.querySelectorAll("[role=option]")];

function choose(index) {
  options().forEach((node, at) => {
    node.setAttribute("aria-selected", String(at === index));
    if (at === index) node.scrollIntoView({ block: "nearest" });
  });
}

async function ask() {
  const words = field.value.trim();
  const turn = ++asked;
  render(words, []);
  if (words.length < 2) return;
  const answer = await fetch(`/palette/?q=${encodeURIComponent(words)}`);
  if (!answer.ok || turn !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  render(words, [...page.body.children].map((node) => document.adoptNode(node)));
}

export function openPalette() {
  if (!dialog || dialog.open) return false;
  field.value = "";
  dialog.showModal();
  render("", []);
  field.focus();
  return true;
}

field?.addEventListener("input", ask);
dialog?.addEventListener("keydown", (event) => {
  const all = options();
  const at = all.findIndex((node) => node.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    choose((at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % Math.max(all.length, 1));
  } else if (event.key === "Enter" && all[at]) {
    event.preventDefault();
    all[at].click();
  }
});
