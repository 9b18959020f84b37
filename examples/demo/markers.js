/** @returns {string} the text, with new lines between `<!-- name:start -->` and `<!-- name:end -->` */
export function betweenMarkers(name, text, lines) {
  const [opening, closing] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const [start, end] = [text.indexOf(opening), text.indexOf(closing)];
  if (start === -1 || end < start) throw new Error(`Expected the text to have ${opening} and, after it, ${closing}`);
  return `${text.slice(0, start + opening.length)}\n${lines}\n${text.slice(end)}`;
}
