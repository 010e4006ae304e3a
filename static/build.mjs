// Builds what the browser gets into static/build: bundles, hashed names, the fonts we use, and whose work it is.
// Offline once `npm ci` has run. `node static/build.mjs --watch` builds again on every change.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, watch, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "..", "node_modules");
const out = join(here, "build");

const SHARED = {
  bundle: true,
  minify: true,
  sourcemap: false,
  legalComments: "none",
  target: ["chrome123", "firefox120", "safari17.5"],
  logLevel: "warning",
  write: false,
};

const hashed = (name, content) => {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  const ending = extname(name);
  return `${basename(name, ending)}.${hash}${ending}`;
};

async function bundle() {
  const manifest = {};
  const written = [];
  const keep = async (name, content) => {
    manifest[name] = hashed(name, content);
    written.push(manifest[name]);
    await writeFile(join(out, manifest[name]), content);
    await pack(manifest[name], content);
  };
  // packed once here, as well as it goes, and not for every browser that asks
  const pack = async (name, content) => {
    for (const [ending, packed] of [["br", brotliCompressSync], ["gz", gzipSync]]) {
      await writeFile(join(out, `${name}.${ending}`), packed(content));
      written.push(`${name}.${ending}`);
    }
  };

  await mkdir(join(out, "fonts"), { recursive: true });
  const [scripts, blocking, styles, print, charts, chartStyles, worker, tour, demoStyles] = await Promise.all([
    build({ ...SHARED, entryPoints: [join(here, "js/app.js")], format: "iife", outfile: "app.js", metafile: true }),
    build({ ...SHARED, entryPoints: [join(here, "js/theme.js")], format: "iife", outfile: "theme.js" }),
    build({
      ...SHARED, entryPoints: [join(here, "css/app.css")], outfile: join(out, "app.css"),
      loader: { ".woff2": "file" }, assetNames: "fonts/[name].[hash]", metafile: true,
    }),
    build({ ...SHARED, entryPoints: [join(here, "css/print.css")], outfile: join(out, "print.css") }),
    build({ ...SHARED, entryPoints: [join(here, "js/figures.js")], format: "iife", outfile: "figures.js", metafile: true }),
    build({ ...SHARED, entryPoints: [join(here, "css/figures.css")], outfile: join(out, "figures.css") }),
    build({ ...SHARED, entryPoints: [join(here, "js/sw.js")], format: "iife", outfile: "sw.js" }),
    build({ ...SHARED, entryPoints: [join(here, "js/tour.js")], format: "iife", outfile: "tour.js" }),
    build({ ...SHARED, entryPoints: [join(here, "css/demo.css")], outfile: join(out, "demo.css") }),
  ]);

  await keep("app.js", scripts.outputFiles[0].contents);
  await keep("theme.js", blocking.outputFiles[0].contents);
  await keep("sw.js", worker.outputFiles[0].contents);
  await keep("print.css", print.outputFiles[0].contents);
  await keep("figures.js", charts.outputFiles[0].contents);
  await keep("figures.css", chartStyles.outputFiles[0].contents);
  await keep("tour.js", tour.outputFiles[0].contents);
  await keep("demo.css", demoStyles.outputFiles[0].contents);
  for (const file of styles.outputFiles) {
    const name = basename(file.path);
    if (name.endsWith(".css")) await keep("app.css", file.contents);
    else {
      await writeFile(join(out, "fonts", name), file.contents);
      written.push(`fonts/${name}`);
      manifest[`fonts/${name.replace(/\.[A-Z0-9]+\.woff2$/, ".woff2")}`] = `fonts/${name}`;
    }
  }
  for (const name of ["icons.svg", "favicon.svg"]) await keep(name, await readFile(join(here, name)));
  await writeFile(join(out, "licences.txt"), await licences([scripts, styles, charts]));
  await writeFile(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await sweep(new Set([...written, "licences.txt", "manifest.json", ".stamp"]));
}

// What an earlier build left and no page names any more.
async function sweep(wanted) {
  for (const entry of await readdir(out, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name).slice(out.length + 1);
    if (!wanted.has(path)) await rm(join(out, path));
  }
}

// The licence of every package that something of it is in a bundle.
async function licences(results) {
  const packages = new Set();
  for (const { metafile } of results) {
    for (const input of Object.keys(metafile.inputs)) {
      const found = input.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/g)?.at(-1);
      if (found) packages.add(found.slice("node_modules/".length));
    }
  }
  const parts = [];
  for (const name of [...packages].sort()) {
    const about = JSON.parse(await readFile(join(modules, name, "package.json"), "utf8"));
    const file = (await readdir(join(modules, name))).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    const text = file ? (await readFile(join(modules, name, file), "utf8")).trim() : "";
    parts.push(`${name} ${about.version} (${about.license})\n\n${text}`);
  }
  return `Prosa's front end contains the following packages.\n\n${parts.join(`\n\n${"-".repeat(72)}\n\n`)}\n`;
}

await bundle();

if (process.argv.includes("--watch")) {
  let pending;
  for await (const { filename } of watch(here, { recursive: true })) {
    if (!filename || filename.startsWith("build/")) continue;
    clearTimeout(pending);
    pending = setTimeout(() => bundle().then(() => console.log("built"), (error) => console.error(error.message)), 80);
  }
}
