// Writes the files of README.md's first example into a folder: node .ci/first-example.js README.md folder
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [readme, folder] = process.argv.slice(2);
const files = firstExample(readFileSync(readme, 'utf8'));
mkdirSync(folder, { recursive: true });
for (const [name, code] of files) writeFileSync(join(folder, name), code);
console.log(`${readme}: ${[...files.keys()].join(', ')}`);

// A js block that starts with a file's name in a comment is that file; the example is the first section with an app.js.
function firstExample(markdown) {
  for (const section of sections(markdown)) {
    const files = namedBlocks(section);
    if (files.has('app.js')) return files;
  }
  throw new Error(`Expected a section of ${readme} with a \`\`\`js block that starts with "// app.js", found none`);
}

function sections(markdown) {
  const found = [[]];
  let isCode = false;
  for (const line of markdown.split(/\r?\n/)) {
    if (line.startsWith('```')) isCode = !isCode;
    if (!isCode && /^#{1,2} /.test(line)) found.push([]);
    found.at(-1).push(line);
  }
  return found.map((lines) => lines.join('\n'));
}

function namedBlocks(section) {
  const files = new Map();
  for (const [, code] of section.matchAll(/^```js\n(.*?)^```$/gms)) {
    const name = /^\/\/ ([\w-]+\.js)\b/.exec(code)?.[1];
    if (!name) continue;
    if (files.has(name)) throw new Error(`Expected one block per file in a section of ${readme}, found ${name} twice`);
    files.set(name, code);
  }
  return files;
}
