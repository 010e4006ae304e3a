// Which window writes, and from which words it began: so the server knows what this window has not seen.

const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");
const HAND = crypto.randomUUID?.() ?? random();

/** Goes along with whatever is kept, sent or thrown away. A copy in this browser goes on under its own hand. */
export const stamp = (draft) => ({ hand: draft?.hand ?? HAND, base: draft?.base ?? "" });

/** Where the words of a composer come from: the copy in this browser, else what the server kept. */
export const begun = (template, local) => ({ hand: local?.hand ?? HAND, base: local?.base ?? template.dataset.base ?? "" });
