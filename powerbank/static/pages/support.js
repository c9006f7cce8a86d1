// Who else has this conversation open, and who is writing in it: told to the others as it happens, and stored nowhere.

const EVERY = 15_000;
const LASTS = 40_000;
const WRITES_FOR = 6_000;
const shown = document.querySelector("[data-here]");

if (shown) {
  const { here, conversation, me, looks, writes, person } = shown.dataset;
  const others = new Map();
  let told = 0;

  const tell = (typing) => {
    const body = new FormData();
    if (typing) body.append("writes", "true");
    fetch(here, { method: "POST", body, headers: { "X-CSRFToken": document.body.dataset.csrf } }).catch(() => {});
  };

  const show = () => {
    const now = Date.now();
    const parts = [];
    for (const [name, { seen, wrote }] of others) {
      if (now - wrote < WRITES_FOR) parts.push(writes.replace("{name}", name === "person" ? person : name));
      else if (name !== "person" && now - seen < LASTS) parts.push(looks.replace("{name}", name));
    }
    const text = parts.join(" · ");
    if (shown.textContent !== text) shown.textContent = text;
  };

  document.body.addEventListener("told", ({ detail: { topic, kind, id } }) => {
    const [about, name] = String(id).split("/");
    if (topic !== "support" || about !== conversation || name === me) return;
    const known = others.get(name) || { seen: 0, wrote: 0 };
    if (name !== "person" && Date.now() - known.seen > LASTS) tell(false); // who has just come learns of us at once
    others.set(name, { seen: Date.now(), wrote: kind === "typing" ? Date.now() : known.wrote });
    show();
  });

  document.getElementById("answer")?.addEventListener("input", () => {
    if (Date.now() - told < WRITES_FOR - 2_000) return;
    told = Date.now();
    tell(true);
  });

  tell(false);
  setInterval(() => { if (!document.hidden) tell(false); }, EVERY);
  setInterval(show, 2_000);
}
