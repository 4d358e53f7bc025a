// Every text is there in every language, with the same gaps to fill in; every code of the contracts
// has its sentence. A text that is missing, left over, or said in one language only stops the build.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WEB = dirname(dirname(fileURLToPath(import.meta.url)));
const TEXTS = join(WEB, 'src/texts');
const CODES = join(WEB, '../proto/knipperlicht/vocabulary/v1/codes.proto');
const LANGUAGES = ['nl', 'fr', 'en'];
const complaints = [];

const areasOf = (language) => readdirSync(join(TEXTS, language)).filter((name) => name.endsWith('.json'));
const read = (language, area) => JSON.parse(readFileSync(join(TEXTS, language, area), 'utf8'));
const formsOf = (text) => (typeof text === 'string' ? [text] : Object.values(text));
const gapsOf = (text) => [...new Set(formsOf(text).flatMap((form) => form.match(/\{\w+\}/g) ?? []))].sort().join(' ');

function checkText(where, text, language) {
  if (typeof text !== 'string') {
    const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories.filter((one) => one !== 'many');
    for (const form of wanted) if (!(form in text)) complaints.push(`${where}: lacks the form "${form}"`);
  }
  for (const form of formsOf(text)) {
    if (typeof form !== 'string' || form.trim() === '' || form !== form.trim()) complaints.push(`${where}: empty, or blanks around it`);
    if (language === 'fr' && / [?!:;»]|« |\w'\w/.test(form)) complaints.push(`${where}: wants a no-break space before a sign of two parts and in quotes, and a curly apostrophe`);
  }
}

function checkArea(area) {
  const source = read('nl', area);
  for (const language of LANGUAGES) {
    const texts = read(language, area);
    for (const key of Object.keys(source)) if (!(key in texts)) complaints.push(`${language}/${area}: ${key} is missing`);
    for (const [key, text] of Object.entries(texts)) {
      const where = `${language}/${area}: ${key}`;
      if (!(key in source)) complaints.push(`${where} is not in nl/${area}`);
      else if (gapsOf(text) !== gapsOf(source[key])) complaints.push(`${where}: other {gaps} than in Dutch`);
      checkText(where, text, language);
    }
  }
}

function checkCodes() {
  const texts = read('nl', 'codes.json');
  const known = new Set();
  for (const [, name, body] of readFileSync(CODES, 'utf8').matchAll(/^enum (\w+) \{([^}]*)\}/gm)) {
    const list = name.replace(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
    for (const [, value] of body.matchAll(/^ {2}([A-Z0-9_]+) = [1-9]/gm)) {
      known.add(`${list}.${value.slice(list.length + 1).toLowerCase()}`);
      if (list === 'observation') known.add(`self.${value.slice(list.length + 1).toLowerCase()}`);
    }
  }
  for (const key of known) if (!(key in texts)) complaints.push(`nl/codes.json: the code ${key} has no sentence`);
  for (const key of Object.keys(texts)) if (!known.has(key)) complaints.push(`nl/codes.json: ${key} is no code of the contracts`);
}

// Texts that nobody says: a key counts as said when it stands in the sources, whole or as the
// beginning of one that is put together (`start.role_${...}`).
function checkSaid(areas) {
  const sources = [];
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (/\.(svelte|ts)$/.test(entry.name) && !entry.name.endsWith('.test.ts')) sources.push(readFileSync(path, 'utf8'));
    }
  };
  visit(join(WEB, 'src'));
  const all = sources.join('\n');
  const begun = [...all.matchAll(/[`'"](\w+\.\w*)\$\{/g)].map(([, start]) => start);
  for (const area of areas.filter((name) => name !== 'codes.json' && name !== 'errors.json')) {
    for (const key of Object.keys(read('nl', area))) {
      const name = `${area.replace('.json', '')}.${key}`;
      const isSaid = all.includes(`'${name}'`) || begun.some((start) => name.startsWith(start));
      if (!isSaid) complaints.push(`nl/${area}: nobody says ${key}`);
    }
  }
}

const areas = areasOf('nl');
for (const language of LANGUAGES) {
  for (const area of areasOf(language)) if (!areas.includes(area)) complaints.push(`${language}/${area}: there is no nl/${area}`);
  for (const area of areas) if (!areasOf(language).includes(area)) complaints.push(`${language}/${area} is missing`);
}
if (complaints.length === 0) {
  areas.forEach(checkArea);
  checkCodes();
  checkSaid(areas);
}
if (complaints.length > 0) {
  console.error(complaints.join('\n'));
  console.error(`${complaints.length} texts to mend`);
  process.exit(1);
}
console.log(`texts: ${areas.length} areas in ${LANGUAGES.length} languages, none missing`);
