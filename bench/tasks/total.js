/** Reads every line of the order. */
export default function total({ lines }) {
  return lines.reduce((sum, { quantity, cents }) => sum + quantity * cents, 0);
}
