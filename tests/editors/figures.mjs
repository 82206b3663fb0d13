// Figures of measurements, which are printed and never asserted.

/** Prints the median, the 90th percentile and the maximum of some durations. */
export function print(test, what, durations) {
  const sorted = durations.toSorted((a, b) => a - b);
  const at = (share) => `${sorted[Math.ceil(share * sorted.length) - 1].toFixed(1)} ms`;
  test.diagnostic(`${what}: median ${at(0.5)}, 90 % ${at(0.9)}, maximum ${at(1)} (${sorted.length} changes)`);
}
