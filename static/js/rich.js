// A text of some HTML (a signature), written as it will look. Its form sends the area beneath.
import { $, el, icon, parse, word } from "./dom.js";
import { ask, why } from "./wire.js";
import { problem } from "./toast.js";
import { editor } from "./editor.js";
import * as pictures from "./pictures.js";

const FORMATS = { B: "bold", I: "italic", A: "link" };

/** Puts the writing surface in the place of a text area. */
export function rich(area) {
  const wrap = area.closest("[data-rich]");
  const label = $("label", wrap);
  const place = el("div", {
    class: "input rich", contenteditable: "true", role: "textbox", "aria-multiline": "true",
    "aria-labelledby": label.id, "aria-describedby": area.getAttribute("aria-describedby"),
  });
  const tools = el("div", { class: "rich-tools", role: "group", "aria-labelledby": label.id });
  area.hidden = true;
  area.before(tools, place);
  const written = editor(place);
  written.set(area.value);

  const tool = (name, run) => {
    const button = el("button", { type: "button", class: "btn btn-quiet btn-icon", "aria-label": wrap.dataset[name], title: wrap.dataset[name] }, icon(name === "picture" ? "image" : name));
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", run);
    tools.append(button);
    return button;
  };
  for (const [format, name] of Object.entries(FORMATS)) {
    const button = tool(name, () => { if (format === "A") link(written); else written.format(format); });
    const press = () => button.setAttribute("aria-pressed", String(Boolean(written.is(format))));
    written.squire.addEventListener("pathChange", press);
    press();
  }
  if (wrap.dataset.pictures) withPictures(wrap, place, written, tool);
  label.addEventListener("click", (event) => { event.preventDefault(); written.focus(); });
  place.addEventListener("insert", ({ detail }) => { written.focus(); written.squire.insertPlainText(detail); });
  area.form.addEventListener("submit", () => { area.value = written.html(); });
}

function link(written) {
  if (written.is("A")) return written.unlink();
  const url = prompt(word("link_prompt"), "https://");
  if (url && /^(https?:\/\/|mailto:)\S+$/i.test(url.trim())) written.link(url.trim());
}

/** Pictures that are chosen, pasted or dropped go up at once; the form waits until they are there. */
function withPictures(wrap, place, written, tool) {
  const { pictures: url, shows, picture } = wrap.dataset;
  const { form } = $("textarea", wrap);
  const field = el("input", { type: "file", class: "hidden-text", accept: "image/png,image/jpeg,image/gif,image/webp", tabindex: "-1", "aria-hidden": "true", "aria-label": picture });
  const add = (files) => { written.focus(); pictures.insert(written, files.filter(pictures.isPicture), shows); };
  const take = (files, event) => { if (!files.length) return; event.preventDefault(); event.stopImmediatePropagation(); add(files); };
  const onTheWay = new Set();
  let submitter = null; // the button that was pressed while one was on its way

  async function upload(file, placed) {
    const body = new FormData();
    body.append("file", file, file.name);
    onTheWay.add(file);
    try { placed($("[data-src]", parse(await ask("POST", url, { form: body }))).dataset.src); } catch (error) { placed(""); submitter = null; problem(why(error)); }
    onTheWay.delete(file);
    if (submitter && !onTheWay.size) form.requestSubmit(submitter);
  }

  tool("picture", () => field.click());
  place.after(field);
  field.addEventListener("change", () => { add([...field.files]); field.value = ""; });
  place.addEventListener("paste", (event) => take(pictures.pasted(event), event), { capture: true });
  place.addEventListener("drop", (event) => take([...event.dataTransfer.files], event), { capture: true });
  pictures.withoutHandles(place);
  written.squire.addEventListener("input", () => pictures.adopt(place, upload));
  form.addEventListener("submit", (event) => {
    submitter = onTheWay.size ? event.submitter : null;
    if (onTheWay.size) event.preventDefault();
  });
}
