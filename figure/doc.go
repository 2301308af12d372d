// Package figure draws plain numbers: [Heatmap] for fields on a rectangular
// grid, with contour lines and marks; [Surface] for the same in space; [Lines]
// for curves and points, [Parity] for predictions against the truth, [Bars] for
// sensitivities; and [Tile] for several of them in one picture. [Save] writes a
// file, [Write] a stream, as PNG, SVG or PDF; [Animation] makes a GIF of panels.
//
// The conventions are those of a printed figure. Sequential colour is viridis,
// even in perceived lightness; diverging colour has its neutral grey at zero;
// series take the colour-blind-safe palette of Okabe and Ito. Panels of a tile
// share the size of their data areas, so that axes line up. Text is drawn as
// outlines of Liberation Sans: pictures look the same wherever they are opened.
//
// Numbers that are not finite never stop a picture: a cell is masked in grey,
// a curve has a gap, a surface a hole. Magnitudes above 1e250 count as infinite. Lengths that do
// not fit, or no data at all, are errors. The same input gives the same bytes.
package figure
