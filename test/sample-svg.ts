/** An indicator in SVG Tiny PS; `inside` stands after the title. */
export function sampleSvg(inside = '<circle cx="50" cy="50" r="40" fill="#c00"/>'): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" version="1.2" baseProfile="tiny-ps" viewBox="0 0 100 100">
  <title>Example</title>
  ${inside}
</svg>
`;
}
