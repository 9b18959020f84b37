/* global document */
import { kindShape } from './kinds.js';

/** Makes an element. The page makes elements only by this function, so text stays text, whatever it contains. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

/** The coloured shape of a kind. The shape is decoration only, since the name of the kind stands next to the shape. */
export function symbol(kind) {
  const node = element('span', { 'class': 'symbol', 'data-kind': kind, 'aria-hidden': 'true' });
  node.style.clipPath = `polygon(${kindShape(kind).map(([x, y]) => `${x * 100}% ${y * 100}%`).join(',')})`;
  return node;
}

/** Text with `words in backticks` as code. */
export function prose(tag, text) {
  const parts = text.split(/`([^`]+)`/).map((part, index) => (index % 2 === 1 ? code(part) : part));
  return element(tag, { 'class': 'prose' }, ...parts);
}

/** Text as code; long code gets a line of its own. */
function code(text) {
  return element('code', text.length > 40 ? { 'class': 'line' } : {}, text);
}

/** A path, which may break at its slashes. */
export function pathLine(text) {
  const parts = text.split(/(?<=[/\\])/).flatMap((part) => [part, element('wbr')]);
  return element('span', { 'class': 'place' }, ...parts);
}

export function section(title, ...children) {
  const id = title.toLowerCase().replaceAll(' ', '-');
  return element('section', { 'aria-labelledby': id, 'class': 'card' }, element('h2', { id }, title), ...children);
}

/** Replaces the children, and keeps the keyboard focus. */
export function refill(parent, ...children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.id : '';
  parent.replaceChildren(...children);
  if (focused !== '') document.getElementById(focused)?.focus({ preventScroll: true });
}
