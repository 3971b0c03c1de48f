// Surfaces that turn: triangles painted into a canvas, the nearest at every pixel, lit from the viewer's side.

/**
 * {points, normals, corners} of a surface: x y z of every vertex within the unit ball, the direction it faces, three
 * vertices a triangle.
 */
export function surface(values, corners) {
  const points = Float32Array.from(values);
  const count = points.length / 3;
  const middle = [0, 0, 0];
  for (let i = 0; i < points.length; i++) middle[i % 3] += points[i] / count;
  let far = 0;
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) points[3 * i + c] -= middle[c];
    far = Math.max(far, Math.hypot(points[3 * i], points[3 * i + 1], points[3 * i + 2]));
  }
  for (let i = 0; i < points.length; i++) points[i] /= far || 1;
  return { points, normals: normals(points, corners), corners };
}

/** The direction of every vertex: the mean of its triangles, by area. */
function normals(points, corners) {
  const found = new Float32Array(points.length);
  for (let f = 0; f < corners.length; f += 3) {
    const [i, j, k] = [3 * corners[f], 3 * corners[f + 1], 3 * corners[f + 2]];
    const [ax, ay, az] = [0, 1, 2].map((c) => points[j + c] - points[i + c]);
    const [bx, by, bz] = [0, 1, 2].map((c) => points[k + c] - points[i + c]);
    const normal = [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx];
    for (const at of [i, j, k]) for (let c = 0; c < 3; c++) found[at + c] += normal[c];
  }
  for (let i = 0; i < found.length; i += 3) {
    const size = Math.hypot(found[i], found[i + 1], found[i + 2]) || 1;
    for (let c = 0; c < 3; c++) found[i + c] /= size;
  }
  return found;
}

/** Paint a surface, turned by `yaw` about the upright axis and tipped by `pitch`. colours: r g b of every vertex. */
export function paint(canvas, { points, normals: faced, corners }, colours, yaw, pitch) {
  const { width, height } = canvas;
  const image = new ImageData(width, height);
  const depth = new Float32Array(width * height).fill(-Infinity);
  const half = 0.47 * Math.min(width, height);
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  const n = points.length / 3;
  const seen = new Float32Array(3 * n); // x and y in pixels, z towards the viewer
  const light = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const [x, y, z] = turned(points, 3 * i);
    seen[3 * i] = width / 2 + half * x;
    seen[3 * i + 1] = height / 2 - half * y;
    seen[3 * i + 2] = z;
    const [u, v, w] = turned(faced, 3 * i);
    light[i] = 0.35 + 0.65 * Math.abs(0.25 * u + 0.35 * v + 0.9 * w);
  }
  for (let f = 0; f < corners.length; f += 3) fill(corners[f], corners[f + 1], corners[f + 2]);
  canvas.getContext("2d").putImageData(image, 0, 0);

  function turned(from, at) {
    const x = cy * from[at] + sy * from[at + 2];
    const deep = cy * from[at + 2] - sy * from[at];
    return [x, cp * from[at + 1] - sp * deep, sp * from[at + 1] + cp * deep];
  }

  function fill(a, b, c) {
    const [ax, ay, bx, by, dx, dy] = [a, b, c].flatMap((k) => [seen[3 * k], seen[3 * k + 1]]);
    const area = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax);
    if (area === 0) return;
    const top = Math.max(0, Math.ceil(Math.min(ay, by, dy) - 0.5));
    const bottom = Math.min(height - 1, Math.floor(Math.max(ay, by, dy) - 0.5));
    const left = Math.max(0, Math.ceil(Math.min(ax, bx, dx) - 0.5));
    const right = Math.min(width - 1, Math.floor(Math.max(ax, bx, dx) - 0.5));
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const [px, py] = [x + 0.5, y + 0.5];
        const v = ((px - ax) * (dy - ay) - (py - ay) * (dx - ax)) / area;
        const w = ((bx - ax) * (py - ay) - (by - ay) * (px - ax)) / area;
        const u = 1 - v - w;
        if (u < -1e-4 || v < -1e-4 || w < -1e-4) continue;
        const z = u * seen[3 * a + 2] + v * seen[3 * b + 2] + w * seen[3 * c + 2];
        const at = y * width + x;
        if (z <= depth[at]) continue;
        depth[at] = z;
        const bright = u * light[a] + v * light[b] + w * light[c];
        for (let k = 0; k < 3; k++) {
          image.data[4 * at + k] = bright * (u * colours[3 * a + k] + v * colours[3 * b + k] + w * colours[3 * c + k]);
        }
        image.data[4 * at + 3] = 255;
      }
    }
  }
}
