// Draws the world once, at build time: one path for each country in Equal Earth, cut where it crosses 180 degrees,
// in tenths of a unit.
// node tools/map.mjs OUT: JSON {width, height, countries: [{id, name, d, x, y}]}, id: ISO 3166-1 numeric or "" (X21).
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { geoEqualEarth, geoPath } from "d3-geo";
import { feature } from "topojson-client";
import { presimplify, simplify } from "topojson-simplify";

const WIDTH = 1000;
const COARSE = Number(process.argv[3] ?? 0.08); // square degrees: a bend smaller than this is not seen at that width
const require = createRequire(import.meta.url);
const atlas = JSON.parse(readFileSync(require.resolve("world-atlas/countries-50m.json"), "utf8"));
const coarse = simplify(presimplify(atlas), COARSE);
const countries = feature(coarse, coarse.objects.countries);
const projection = geoEqualEarth().precision(3).fitWidth(WIDTH, { type: "Sphere" });
const path = geoPath(projection).digits(1);
const [, [, bottom]] = path.bounds({ type: "Sphere" });

// Steps instead of places, in tenths: half the bytes.
function relative(points) {
  const tenths = points.map(([x, y]) => [Math.round(x * 10), Math.round(y * 10)]);
  const steps = tenths.slice(1).map(([x, y], at) => [x - tenths[at][0], y - tenths[at][1]]);
  const moved = steps.filter(([x, y]) => x !== 0 || y !== 0).map(([x, y]) => `${x}${y < 0 ? "" : " "}${y}`);
  return `M${tenths[0].join(" ")}l${moved.join(" ").replaceAll(" -", "-")}`;
}

// Islets nobody can see cost two thirds of the bytes; the largest ring of a state always stays.
function visible(d) {
  const rings = (d ?? "").split("Z").filter(Boolean).map((ring) => {
    const points = ring.slice(1).split("L").map((one) => one.split(",").map(Number));
    const twice = points.reduce((sum, [x, y], at) => {
      const [nextX, nextY] = points[(at + 1) % points.length];
      return sum + x * nextY - nextX * y;
    }, 0);
    return { ring: relative(points), area: Math.abs(twice) / 2 };
  });
  const largest = Math.max(...rings.map((one) => one.area));
  return rings.filter((one) => one.area >= 0.5 || one.area === largest).map((one) => `${one.ring}z`).join("");
}

const drawn = countries.features.map((one) => {
  const [x, y] = path.centroid(one);
  return { id: one.id ?? "", name: one.properties.name, d: visible(path(one)), x: Math.round(x * 10), y: Math.round(y * 10) };
});
writeFileSync(process.argv[2], JSON.stringify({ width: WIDTH * 10, height: Math.ceil(bottom * 10), countries: drawn }));
