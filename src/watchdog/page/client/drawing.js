/* global document, getComputedStyle, uPlot */
import { kindShape } from './kinds.js';

/** Draws a bar that is as wide as the stall was long, with the shape of its kind on top. */
export function drawStall(plot, stall, kind, isHovered) {
  const { ctx, bbox } = plot;
  const scale = uPlot.pxRatio;
  const left = plot.valToPos(stall.startedAt / 1000, 'x', true);
  const right = Math.max(left + 2 * scale, plot.valToPos((stall.startedAt + stall.duration) / 1000, 'x', true));
  const top = plot.valToPos(stall.duration, 'y', true);
  ctx.fillStyle = colour(`--${kind}`);
  ctx.globalAlpha = isHovered ? 0.5 : 0.22;
  ctx.fillRect(left, top, right - left, bbox.top + bbox.height - top);
  ctx.globalAlpha = 1;
  drawShape(ctx, kindShape(kind), (left + right) / 2, top, (isHovered ? 15 : 11) * scale);
}

function drawShape(ctx, points, x, y, size) {
  ctx.beginPath();
  for (const [dx, dy] of points) ctx.lineTo(x + (dx - 0.5) * size, y + (dy - 0.5) * size);
  ctx.closePath();
  ctx.fill();
  // A rim separates shapes that lie close together.
  ctx.strokeStyle = colour('--card');
  ctx.lineWidth = uPlot.pxRatio;
  ctx.stroke();
}

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}
