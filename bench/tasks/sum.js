/** Reads every number of the list. */
export default function sum(numbers) {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
