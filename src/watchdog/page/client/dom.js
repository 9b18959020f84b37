/* global document */
import { kindShape } from './kinds.js';

/** Whatever text it is given stays text: there is no other way in this page to make an element. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

/** The coloured shape of a kind; decoration, its name stands next to it. */
export function symbol(kind) {
  const node = element('span', { 'class': 'symbol', 'data-kind': kind, 'aria-hidden': 'true' });
  node.style.clipPath = `polygon(${kindShape(kind).map(([x, y]) => `${x * 100}% ${y * 100}%`).join(',')})`;
  return node;
}

/** Text, with `what stands in backticks` as code. */
export function prose(tag, text) {
  const parts = text.split(/`([^`]+)`/).map((part, index) => (index % 2 === 1 ? code(part) : part));
  return element(tag, { 'class': 'prose' }, ...parts);
}

/** What is long gets a line of its own. */
function code(text) {
  return element('code', text.length > 40 ? { 'class': 'line' } : {}, text);
}

/** A path, which breaks at its slashes where it has to. */
export function pathLine(text) {
  const parts = text.split(/(?<=[/\\])/).flatMap((part) => [part, element('wbr')]);
  return element('span', { 'class': 'place' }, ...parts);
}

export function section(title, ...children) {
  const id = title.toLowerCase().replaceAll(' ', '-');
  return element('section', { 'aria-labelledby': id, 'class': 'card' }, element('h2', { id }, title), ...children);
}

/** Replaces what is in it, and keeps the keyboard's place. */
export function refill(parent, ...children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.id : '';
  parent.replaceChildren(...children);
  if (focused !== '') document.getElementById(focused)?.focus({ preventScroll: true });
}
