// While somebody types a new lead: whether it is ours already. Without this script the button «check» says the same.
"use strict";
(() => {
  const form = document.querySelector("form[action='/new']");
  const known = document.getElementById("known");
  const names = ["company", "contact", "phone", "email"];
  let timer = 0, asked = 0;
  async function look() {
    const said = {};
    for (const name of names) said[name] = form.elements[name].value.trim();
    const mine = ++asked;
    if (!said.company && !said.phone && !said.email) { known.hidden = true; return; }
    let found;
    try {
      const answer = await fetch("/known", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(said)});
      if (!answer.ok) return;
      found = (await answer.json()).leads;
    } catch { return; }
    if (mine !== asked) return;
    known.hidden = false;
    known.classList.toggle("warn", found.length > 0);
    known.textContent = "";
    if (!found.length) { known.textContent = known.dataset.none; return; }
    known.append(Object.assign(document.createElement("b"), {textContent: known.dataset.ours}));
    const list = document.createElement("ul");
    for (const one of found) {
      const link = Object.assign(document.createElement("a"), {textContent: one.line, href: "/leads/" + encodeURIComponent(one.number)});
      const item = document.createElement("li");
      item.append(link, " " + one.company);
      list.append(item);
    }
    known.append(list);
  }
  for (const name of names) form.elements[name].addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 300); });
})();
