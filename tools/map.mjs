// Draws the world once, at build time: one path for each country in Equal Earth, cut where it crosses 180 degrees,
// in tenths of a unit.
// node tools/map.mjs OUT: JSON {format, width, height, countries, united, points, views}. countries: [{id, name, d, x, y,
// area}], id: ISO 3166-1 numeric or "" (X21). united: how the United Nations' map joins some of them, each with `of`, the
// names it stands for. points: ISO 3166 alpha-2 of what the atlas has no shape for. views: [x, y, width, height].
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { geoContains, geoEqualEarth, geoPath } from "d3-geo";
import { feature, merge } from "topojson-client";
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

// Steps instead of places, in tenths: half the bytes. Nothing where that leaves a point: the page has a dot there.
function relative(points) {
  const tenths = points.map(([x, y]) => [Math.round(x * 10), Math.round(y * 10)]);
  const steps = tenths.slice(1).map(([x, y], at) => [x - tenths[at][0], y - tenths[at][1]]);
  const moved = steps.filter(([x, y]) => x !== 0 || y !== 0).map(([x, y]) => `${x}${y < 0 ? "" : " "}${y}`);
  return moved.length ? `M${tenths[0].join(" ")}l${moved.join(" ").replaceAll(" -", "-")}z` : "";
}

// Area and centre of a ring, by the shoelace; a ring without area is where it begins.
function middle(points) {
  const sums = points.reduce(([twice, sumX, sumY], [x, y], at) => {
    const [nextX, nextY] = points[(at + 1) % points.length];
    const cross = x * nextY - nextX * y;
    return [twice + cross, sumX + (x + nextX) * cross, sumY + (y + nextY) * cross];
  }, [0, 0, 0]);
  const [twice, sumX, sumY] = sums;
  const [x, y] = Math.abs(twice) < 1e-6 ? points[0] : [sumX / (3 * twice), sumY / (3 * twice)];
  return { area: Math.abs(twice) / 2, x, y };
}

// Islets nobody can see cost two thirds of the bytes; the largest ring of a state always stays, and its middle is where
// the state is pointed at: the middle of all would put Kiribati into Africa and France into Spain.
function drawn(id, name, geometry) {
  const rings = (path(geometry) ?? "").split("Z").filter(Boolean).map((ring) => {
    const points = ring.slice(1).split("L").map((one) => one.split(",").map(Number));
    return { d: relative(points), ...middle(points) };
  });
  const largest = rings.reduce((most, one) => (one.area > most.area ? one : most));
  const d = rings.filter((one) => one.area >= 0.5 || one === largest).map((one) => one.d).join("");
  const area = rings.reduce((sum, one) => sum + one.area, 0);
  return { id, name, d, x: Math.round(largest.x * 10), y: Math.round(largest.y * 10), area: Math.round(area * 100) };
}

// What the United Nations' map does not show as states of their own. Crimea stands in the atlas as a part of Russia
// (General Assembly resolution 68/262 says otherwise): it is the part that holds this point.
const CRIMEA = [34.3, 45.3];
const parts = Object.fromEntries(coarse.objects.countries.geometries.map((one) => [one.properties.name, one]));
const polygons = (one) => (one.type === "Polygon" ? [one.arcs] : one.arcs);
const alone = (arcs) => ({ type: "MultiPolygon", arcs: [arcs] });
const holdsCrimea = (arcs) => geoContains(feature(coarse, alone(arcs)), CRIMEA);
const crimea = polygons(parts.Russia).filter(holdsCrimea);
if (crimea.length !== 1) throw new Error("the atlas has Crimea elsewhere than it had");
const united = [
  ["Somalia", ["Somalia", "Somaliland"]],
  ["Serbia", ["Serbia", "Kosovo"]],
  ["Cyprus", ["Cyprus", "N. Cyprus"]],
  ["China", ["China", "Taiwan"]],
  ["Ukraine", ["Ukraine"], crimea],
].map(([name, of, more = []]) => {
  const all = [...of.flatMap((one) => polygons(parts[one])), ...more].map(alone);
  return { ...drawn(parts[name].id, name, merge(coarse, all)), of };
});
const rest = polygons(parts.Russia).filter((arcs) => !crimea.includes(arcs)).map(alone);
united.push({ ...drawn(parts.Russia.id, "Russia", merge(coarse, rest)), of: ["Russia"] });

// ISO 3166-1 codes for which the 50 m atlas has no shape of their own, by a place in them.
const POINTS = {
  BQ: [-68.3, 12.2], BV: [3.4, -54.4], CC: [96.8, -12.2], CX: [105.6, -10.5], GF: [-53.1, 3.9], GI: [-5.35, 36.14],
  GP: [-61.5, 16.2], MQ: [-61, 14.6], RE: [55.5, -21.1], SJ: [15.6, 78.2], TK: [-171.8, -9.2], TV: [179.2, -8.5],
  UM: [166.6, 19.3], YT: [45.2, -12.8],
};
const points = Object.entries(POINTS).map(([id, place]) => {
  const [x, y] = projection(place);
  return { id, x: Math.round(x * 10), y: Math.round(y * 10) };
});

// What each view must show, as west, south, east, north; it is widened to the proportions of the world.
const VIEWS = {
  europe: [-12, 35, 42, 66], "middle-east": [25, 12, 63, 42], africa: [-19, -36, 53, 38], asia: [55, -12, 150, 56],
  americas: [-135, -56, -32, 62],
};
const HEIGHT = Math.ceil(bottom * 10);
function view([west, south, east, north]) {
  const edge = [];
  for (let part = 0; part <= 20; part += 1) {
    const [lon, lat] = [west + ((east - west) * part) / 20, south + ((north - south) * part) / 20];
    edge.push(projection([lon, south]), projection([lon, north]), projection([west, lat]), projection([east, lat]));
  }
  const [left, right] = [Math.min(...edge.map(([x]) => x)) * 10, Math.max(...edge.map(([x]) => x)) * 10];
  const [top, low] = [Math.min(...edge.map(([, y]) => y)) * 10, Math.max(...edge.map(([, y]) => y)) * 10];
  const wide = Math.max(right - left, ((low - top) * WIDTH * 10) / HEIGHT);
  const high = (wide * HEIGHT) / (WIDTH * 10);
  return [(left + right - wide) / 2, (top + low - high) / 2, wide, high].map(Math.round);
}

const world = {
  format: 2,
  width: WIDTH * 10,
  height: HEIGHT,
  countries: countries.features.map((one) => drawn(one.id ?? "", one.properties.name, one.geometry)),
  united,
  points,
  views: Object.fromEntries(Object.entries(VIEWS).map(([name, box]) => [name, view(box)])),
};
writeFileSync(process.argv[2], JSON.stringify(world));
