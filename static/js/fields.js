// The fields of one message: a quiet line that says whom it goes to, and opens when one touches it.
import { $, $$, el, parse, word } from "./dom.js";
import { ask } from "./wire.js";
import { people, read } from "./people.js";

const ROLES = ["to", "cc", "bcc"];

const json = (text) => { try { return JSON.parse(text || "null"); } catch { return null; } };

/** Wire the fields of a kind of message. `changed` is told when something is to be kept. */
export function fields(node, form, { changed, trouble, next }) {
  const kind = node.dataset.fields;
  const about = { ours: new Set(json(node.dataset.ours) ?? []), bounced: new Map(Object.entries(json(node.dataset.bounced) ?? {})), everybody };
  const inside = $(".fields-in", node);
  const line = $(".to-line", node);
  const short = $(".to-short", node);
  const from = $("[name='from']", node);
  const subject = $("[name='subject']", node);
  const called = subject?.closest(".people"); // its row; an answer's stays folded away until somebody wants it
  const signed = $(`[data-signed="${kind}"]`, form);
  const macros = kind === "reply" ? $("[name='macros']", form) : null; // what they do once it is sent
  let touched = "touched" in node.dataset;
  let sendAt = node.dataset.sendAt ?? "";
  let leaves = node.dataset.leaves ?? "";
  let wait = 0;

  const roles = Object.fromEntries(ROLES.map((role) => [role, people($(`[data-role="${role}"]`, node), { about, changed: moved })]));

  function moved() {
    touched = true;
    draw();
    trouble(wrong());
    look();
    changed();
  }

  const isRenamed = () => Boolean(subject) && subject.value.trim() !== subject.dataset.usual;
  const rowOf = (name) => (name === "subject" ? called : roles[name].node);

  const wrongRole = () => ROLES.find((role) => roles[role].wrong());
  const wrong = () => roles[wrongRole()]?.wrong() ?? "";
  function everybody() { return ROLES.flatMap((role) => roles[role].list()); }

  /** What is known of whom it goes to: mail that came back, and a conversation that is open already. */
  function look() {
    clearTimeout(wait);
    const addresses = everybody().map(({ address }) => address);
    const place = $("[data-about]", node);
    if (!addresses.length) return place.replaceChildren();
    wait = setTimeout(async () => {
      try {
        const html = await ask("GET", `/recipients/_about?${new URLSearchParams([...addresses.slice(0, 60).map((one) => ["address", one]), ...(kind === "new" ? [["open", "1"]] : [])])}`);
        const found = parse(html);
        for (const one of $$("[data-bounced-address]", found)) about.bounced.set(one.dataset.bouncedAddress, one.textContent.trim());
        place.replaceChildren(found);
        for (const role of ROLES) roles[role].draw();
      } catch { /* it is only a hint */ }
    }, 250);
    return undefined;
  }

  /** The line says what the fields hold. */
  function draw() {
    if (!short) return;
    const to = roles.to.list();
    const names = to.slice(0, 3).flatMap(({ name, address }, n) => [n ? ", " : "", el("b", { class: "cut" }, name || address)]);
    const count = (label, role) => (roles[role].list().length ? el("span", { class: "to-count" }, `${label} ${roles[role].list().length}`) : null);
    short.replaceChildren(...[el("span", { class: "hidden-text" }, `${word("recipients")}: `), `${word("to")} `, ...names, to.length > 3 ? ` +${to.length - 3}` : null,
      to.length === 1 && to[0].name ? el("span", { class: "cut" }, to[0].address) : null, count("Cc", "cc"), count(word("bcc"), "bcc"),
      isRenamed() ? el("span", { class: "to-count cut" }, subject.value) : null].filter((part) => part != null && part !== ""));
    line.classList.toggle("is-bad", Boolean(wrong()));
    line.classList.toggle("is-bounced", everybody().some(({ address }) => about.bounced.has(address.toLowerCase())));
  }

  function open(on, role = "to") {
    if (short) {
      inside.hidden = !on;
      line.hidden = on && !$(".chip-offer", line);
      short.hidden = on;
      short.setAttribute("aria-expanded", String(on));
    }
    if (on) reveal(role);
  }

  /** The row of a field in the place of the button that offers it, or the button again. */
  function unfold(name, on = true) {
    rowOf(name).hidden = !on;
    $(`[data-do="${name}"]`, node)?.toggleAttribute("hidden", on);
  }

  function reveal(name) {
    if (!rowOf(name)) return;
    unfold(name);
    (name === "subject" ? subject : roles[name]).focus();
  }

  /** Back to one line, once everybody in it can be written to. */
  function fold() {
    for (const role of ROLES) roles[role].commit();
    if (short && !inside.hidden && roles.to.list().length && !wrong()) open(false);
  }

  // ------------------------------------------------------------------------------ from, signature

  const sender = () => from?.value ?? $("[data-signature]", node)?.dataset.signature ?? "";
  const template = () => $(`template[data-signature="${sender()}"]`, node) ?? $("template[data-signature]", node);

  function sign() {
    if (!signed) return;
    const own = template()?.innerHTML.trim() ?? "";
    signed.hidden = !own;
    $(".signature-in", signed).innerHTML = own; // ours, cleaned when it was saved
  }

  function switchSignature(on = "off" in signed.dataset) {
    if (on) delete signed.dataset.off; else signed.dataset.off = "";
    $("[data-do='signature']", signed).setAttribute("aria-pressed", String(on));
  }

  function setMacros(text) {
    if (!macros || macros.value === text) return;
    macros.value = text;
    macros.dispatchEvent(new Event("change", { bubbles: true }));
  }

  if (macros) form.addEventListener("macros", changed);
  from?.addEventListener("change", () => { sign(); changed(); });
  subject?.addEventListener("input", () => { draw(); changed(); });
  subject?.addEventListener("change", () => { if (!subject.value.trim() && kind !== "new") { subject.value = subject.dataset.usual; draw(); changed(); } });
  subject?.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) { event.preventDefault(); next(); } });
  node.addEventListener("people:next", (event) => {
    const order = ROLES.filter((role) => !roles[role].node.hidden);
    const after = order[order.indexOf(event.target.dataset.role) + 1];
    if (after) roles[after].focus(); else if (called && !called.hidden) subject.focus(); else next();
  });

  draw();
  if (wrong()) trouble(wrong());
  if (everybody().length > (kind === "new" ? 0 : 1)) look(); // of the customer it is known

  return {
    kind, roles, wrong, open, fold, reveal, draw, about,
    mend: () => open(true, wrongRole()),
    /** All that can be filled in, where there is no room for a button each. */
    openAll() {
      for (const name of ["cc", "bcc", ...(called ? ["subject"] : [])]) unfold(name);
      roles.cc.focus();
    },
    get touched() { return touched; },
    get sendAt() { return sendAt; },
    get leaves() { return leaves; },
    get subject() { return subject; },
    largest: () => Number(template()?.dataset.largest) || Infinity,
    isEmpty: () => !touched && !sendAt && !macros?.value && (kind === "forward" || !isRenamed()),
    hasNobody: () => !roles.to.list().length,
    offer(button) {
      roles.cc.add([{ address: button.dataset.address, name: button.dataset.name }]);
      unfold("cc");
      const rest = button.nextElementSibling ?? button.previousElementSibling;
      button.remove();
      if (rest?.matches(".chip-offer")) rest.focus(); else next();
      if (!inside.hidden && line && !$(".chip-offer", line)) line.hidden = true;
    },
    /** Everybody who takes part, or only who wrote last. */
    answer(author) {
      if (author) { roles.to.set([author], true); roles.cc.set([], true); roles.bcc.set([], true); touched = true; } else { for (const role of ROLES) roles[role].usual(); touched = false; }
      draw();
      look();
      changed();
    },
    signature() { switchSignature(); changed(); },
    later(at, words) { sendAt = at; leaves = words; changed(); },
    /** What a draft keeps: people only where somebody changed them, and no subject where it is the usual one. */
    values() {
      const typed = touched ? Object.fromEntries(ROLES.map((role) => [role, roles[role].text()])) : {};
      if (from && from.value !== from.dataset.usual) typed.from = from.value;
      if (subject) typed.subject = isRenamed() ? subject.value : "";
      if (signed && "off" in signed.dataset) typed.signature = "0";
      if (sendAt) Object.assign(typed, { send_at: sendAt });
      if (macros?.value) typed.macros = macros.value;
      return typed;
    },
    /** What is sent: everything, as it is seen. */
    sending() {
      return { ...this.values(), ...Object.fromEntries(ROLES.map((role) => [role, roles[role].text()])), ...(from ? { from: from.value } : {}) };
    },
    /** As another moment of this browser left it. */
    apply(values) {
      if (ROLES.some((role) => role in values)) {
        touched = true;
        for (const role of ROLES) { roles[role].set(read(values[role] ?? ""), true); if (roles[role].list().length) unfold(role); }
      }
      if (from && values.from) from.value = values.from;
      if (subject && "subject" in values) subject.value = values.subject || subject.dataset.usual;
      if (isRenamed()) unfold("subject");
      if (signed && values.signature === "0") switchSignature(false);
      sendAt = values.send_at ?? "";
      leaves = values.leaves ?? leaves;
      setMacros(values.macros ?? "");
      sign();
      draw();
    },
    /** Whoever got this answer gets the next one, too: its writer saw the list and decided. */
    remember() {
      const there = new Set(read(roles.to.field.dataset.usual ?? "").map(({ address }) => address.toLowerCase()));
      roles.cc.becomeUsual([...roles.to.list(), ...roles.cc.list()].filter(({ address }) => !there.has(address.toLowerCase())));
    },
    /** Empty again, after it was sent or thrown away. */
    reset() {
      for (const role of ROLES) roles[role].usual();
      touched = false;
      sendAt = leaves = "";
      setMacros("");
      for (const role of ["cc", "bcc"]) unfold(role, Boolean(roles[role].list().length));
      if (subject) subject.value = subject.dataset.usual;
      if (kind === "reply" && subject) unfold("subject", false);
      if (signed) switchSignature(true);
      if (short) open(false);
      draw();
      $("[data-about]", node).replaceChildren();
    },
    take: (option) => ROLES.some((role) => roles[role].offers(option) && (roles[role].take(option), true)),
  };
}
