// Begins everything. Each file looks after one subject; read keys.js and pane.js first.
import * as acts from "./acts.js";
import * as apart from "./apart.js";
import * as composer from "./composer.js";
import * as forms from "./forms.js";
import * as frame from "./frame.js";
import * as keys from "./keys.js";
import * as letters from "./letters.js";
import * as list from "./list.js";
import * as live from "./live.js";
import * as looks from "./looks.js";
import * as macros from "./macros.js";
import * as menu from "./menu.js";
import * as palette from "./palette.js";
import * as pane from "./pane.js";
import * as presence from "./presence.js";
import * as picture from "./picture.js";
import * as ratings from "./ratings.js";
import * as rows from "./rows.js";
import * as sheet from "./sheet.js";
import * as time from "./time.js";
import * as turns from "./turns.js";
import * as wire from "./wire.js";

for (const part of [wire, looks, keys, sheet, forms, rows, pane, list, turns, acts, menu, macros, composer, palette, frame, letters, picture, time, live, ratings, presence, apart]) part.start();
