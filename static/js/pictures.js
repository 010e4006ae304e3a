// Pictures within the text: shown at once, kept in the draft, and asked politely what they show.
import { $, $$, word } from "./dom.js";

const RASTER = /^image\/(png|jpeg|gif|webp)$/;
export const isPicture = (file) => RASTER.test(file.type);

let composer = null; // asks which one is on the screen
let chosen = null; // the picture whose words are asked for

/** Put pictures where the caret is; each is uploaded by `adopt`. */
export function insert({ squire }, files, alt = "") {
  for (const file of files) {
    const reader = new FileReader();
    reader.addEventListener("load", () => {
      const picture = squire.insertImage(reader.result, { alt });
      picture.name_ = file.name;
      squire.fireEvent("input");
    });
    reader.readAsDataURL(file);
  }
}

/** Pictures that came with their bytes, dropped or pasted from elsewhere, become files of ours. `upload` gets
    each, and what to call with its address. */
export function adopt(place, upload) {
  for (const picture of $$("img[src^='data:']", place)) {
    if (picture.adopted_) continue;
    picture.adopted_ = true;
    const file = fileOf(picture);
    if (!file) { picture.remove(); continue; }
    picture.classList.add("is-uploading");
    upload(file, (src) => {
      picture.classList.remove("is-uploading");
      if (!picture.isConnected) return;
      if (!src) return picture.remove();
      picture.src = src;
      if (place.id === "draft") describe(picture);
      return undefined;
    });
  }
}

function fileOf(picture) {
  const found = picture.src.match(/^data:(image\/[a-z]+);base64,(.+)$/s);
  if (!found || !RASTER.test(found[1])) return null;
  const bytes = Uint8Array.from(atob(found[2]), (char) => char.charCodeAt(0));
  return new File([bytes], picture.name_ || `${word("picture")}.${found[1].split("/")[1].replace("jpeg", "jpg")}`, { type: found[1] });
}

/** Offer to say what it shows; nobody has to. */
function describe(picture) {
  const row = $("#alt-row");
  if (!row || !picture) return;
  chosen = picture;
  for (const one of $$("#draft img.is-chosen")) one.classList.remove("is-chosen");
  picture.classList.add("is-chosen");
  $("#alt-input", row).value = picture.alt;
  row.hidden = false;
}

export function closeAlt() {
  const row = $("#alt-row");
  if (!row || row.hidden) return false;
  row.hidden = true;
  chosen?.classList.remove("is-chosen");
  chosen = null;
  return true;
}

export function setAlt() {
  const now = composer();
  if (chosen) chosen.alt = $("#alt-input").value.trim();
  closeAlt();
  now?.editor.squire.fireEvent("input");
  now?.editor.focus();
}

export function start(current) {
  composer = current;
  document.addEventListener("keydown", (event) => { if (event.target.id === "alt-input" && event.key === "Enter") { event.preventDefault(); setAlt(); } });
}

/** Files that are pasted or dropped, unless words come with them that show the same. */
export const pasted = ({ clipboardData }) => (clipboardData?.types.includes("text/html") ? [] : [...(clipboardData?.files ?? [])]);

/** Squire would draw handles with inline styles, which our policy forbids. */
export const withoutHandles = (place) => place.addEventListener("click", (event) => { if (event.target.nodeName === "IMG") event.stopPropagation(); });

/** A click asks for words instead. */
export function mount(place) {
  withoutHandles(place);
  place.addEventListener("click", ({ target }) => { if (target.nodeName === "IMG") describe(target); else if (!$("#alt-input")?.value) closeAlt(); });
}
