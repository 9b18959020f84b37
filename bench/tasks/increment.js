export default function increment(n) {
  return n + 1;
}
