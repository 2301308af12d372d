// The tiled scheme: up to STEPS steps in one launch, from one set of fields to another.
// A work group takes a tile of WIDTH x HEIGHT cells, with HALO cells around it, into its
// local memory. Each step takes REACH of the halo away, for what lies there needs cells
// farther out; after STEPS steps the tile is left. Neighbours compute their halos twice
// and none waits for another: overlapped tiling (Krishnamoorthy et al., PLDI 2007, 235-244).
//
// Beyond the sides the halo holds images. They remain images from step to step, as media,
// layers, sponges and sources go on beyond the sides likewise.
#define REACH (2 * HALF - 1)
#define HALO (STEPS * REACH)
#define COLUMNS (WIDTH + 2 * HALO)
#define ROWS (HEIGHT + 2 * HALO)

// Runs over the elements of a work item, the same in all steps: the c-th is at (x, y) in
// the local memory.
#define CELLS_X ((COLUMNS + GROUP_X - 1) / GROUP_X)
#define CELLS_Y ((ROWS + GROUP_Y - 1) / GROUP_Y)
#if OUTER // few groups, much code
#define UNROLL
#else
#define UNROLL _Pragma("unroll")
#endif
#define EACH_ELEMENT \
	UNROLL for (int c = 0; c < CELLS_X * CELLS_Y; c++) { \
		const int x = LOCAL_ID(0) + c % CELLS_X * GROUP_X, y = LOCAL_ID(1) + c / CELLS_X * GROUP_Y;
#define END_ELEMENT }

// tiles: those to run, by their number, row by row. ranges: of each of them, where the
// elements begin that forces add to vx and to vy, sources to p, and that receivers have of
// p, vx and vy; and where the last end. elements: as those of inject and sample, but
// places are in the local memory.
KERNEL tiles(GLOBAL const int *RESTRICT shape, GLOBAL const real *RESTRICT weights, GLOBAL const int *RESTRICT list,
	GLOBAL const real *RESTRICT old_p, GLOBAL const real *RESTRICT old_vx, GLOBAL const real *RESTRICT old_vy,
	GLOBAL real *RESTRICT new_p, GLOBAL real *RESTRICT new_vx, GLOBAL real *RESTRICT new_vy,
	GLOBAL const real *RESTRICT bx, GLOBAL const real *RESTRICT by, GLOBAL const real *RESTRICT k,
	GLOBAL const real *RESTRICT old_psi, GLOBAL real *RESTRICT new_psi,
	GLOBAL const real *RESTRICT layers, GLOBAL const real *RESTRICT sponge,
	GLOBAL const int *RESTRICT ranges, GLOBAL const int *RESTRICT elements,
	GLOBAL const real *RESTRICT shares, GLOBAL const int *RESTRICT sources,
	GLOBAL const real *RESTRICT amplitudes, const int amplitude_row, const int amplitude_columns,
	GLOBAL real *RESTRICT samples, const int sample_row, const int sample_columns, const int steps)
{
	LOCAL real p[ROWS * COLUMNS];
	LOCAL real vx[ROWS * COLUMNS];
	LOCAL real vy[ROWS * COLUMNS];
	const Grid g = GRID(shape);
	const int across = (g.nx + WIDTH - 1) / WIDTH, tile = list[GROUP(0)], up = tile / across;
	const int left = (tile - up * across) * WIDTH - HALO, bottom = up * HEIGHT - HALO; // of the local memory

	EACH_ELEMENT
		const int n = y * COLUMNS + x;
		if (x < COLUMNS && y < ROWS) {
			p[n] = value(g, old_p, left + x, bottom + y, 0, 0);
			vx[n] = value(g, old_vx, left + x, bottom + y, 1, 0);
			vy[n] = value(g, old_vy, left + x, bottom + y, 0, 1);
		}
	END_ELEMENT
#if LAYERS
	// Memories of vx and vy, and of p for D_x and D_y.
	real psi_vx[CELLS_X * CELLS_Y], psi_vy[CELLS_X * CELLS_Y], psi_px[CELLS_X * CELLS_Y], psi_py[CELLS_X * CELLS_Y];
	EACH_ELEMENT
		psi_vx[c] = psi_vy[c] = psi_px[c] = psi_py[c] = REAL(0.0);
		if (x < COLUMNS && y < ROWS) {
			real sx = REAL(1.0), sy = REAL(1.0), sp = REAL(1.0);
			const int mx = memory_x(g, fold_x(g, left + x, 1, &sx), fold_y(g, bottom + y, 0, &sx), 1);
			const int my = memory_y(g, fold_x(g, left + x, 0, &sy), fold_y(g, bottom + y, 1, &sy), 1);
			const int i = fold_x(g, left + x, 0, &sp), j = fold_y(g, bottom + y, 0, &sp);
			const int px = memory_x(g, i, j, 0), py = memory_y(g, i, j, 0);
			if (mx >= 0)
				psi_vx[c] = sx * old_psi[mx];
			if (my >= 0)
				psi_vy[c] = sy * old_psi[my];
			if (px >= 0)
				psi_px[c] = sp * old_psi[px];
			if (py >= 0)
				psi_py[c] = sp * old_psi[py];
		}
	END_ELEMENT
#endif
#if OUTER
	const int item = LOCAL_ID(1) * GROUP_X + LOCAL_ID(0);
	GLOBAL const int *range = ranges + 7 * GROUP(0);
#endif
	BARRIER();

	real sign = REAL(1.0); // of no use: media, layers and sponges have none
	for (int step = 0; step < steps; step++) {
		const int depth = (steps - 1 - step) * REACH; // to which there are pressures after the step
		const int x0 = HALO - depth, x1 = HALO + WIDTH + depth, y0 = HALO - depth, y1 = HALO + HEIGHT + depth;
#if OUTER
		const int row = amplitude_row + step * amplitude_columns;
		for (int e = range[0] + item; e < range[1]; e += GROUP_X * GROUP_Y)
			vx[elements[3 * e]] += injection(elements + 3 * e, shares, sources, amplitudes, row);
		for (int e = range[1] + item; e < range[2]; e += GROUP_X * GROUP_Y)
			vy[elements[3 * e]] += injection(elements + 3 * e, shares, sources, amplitudes, row);
		BARRIER();
#endif
		EACH_ELEMENT
			const int n = y * COLUMNS + x;
			if (x >= x0 - (HALF - 1) && x < x1 + HALF && y >= y0 && y < y1) {
				const int i = fold_x(g, left + x, 1, &sign), j = fold_y(g, bottom + y, 0, &sign);
				real d = REAL(0.0);
				for (int h = 0; h < HALF; h++)
					d += weights[h] * (p[n + h] - p[n - 1 - h]);
#if LAYERS
				if (memory_x(g, i, j, 1) >= 0) {
					psi_vx[c] = remember_x(g, layers, i, 1, psi_vx[c], d);
					d += psi_vx[c];
				}
#endif
				vx[n] = damping(g, sponge, i, j, 1, 0) * (vx[n] - OF(bx, j * g.pitch + i) * d);
			}
			if (x >= x0 && x < x1 && y >= y0 - (HALF - 1) && y < y1 + HALF) {
				const int i = fold_x(g, left + x, 0, &sign), j = fold_y(g, bottom + y, 1, &sign);
				real d = REAL(0.0);
				for (int h = 0; h < HALF; h++)
					d += weights[HALF + h] * (p[n + h * COLUMNS] - p[n - (1 + h) * COLUMNS]);
#if LAYERS
				if (memory_y(g, i, j, 1) >= 0) {
					psi_vy[c] = remember_y(g, layers, j, 1, psi_vy[c], d);
					d += psi_vy[c];
				}
#endif
				vy[n] = damping(g, sponge, i, j, 0, 1) * (vy[n] - OF(by, j * g.pitch + i) * d);
			}
		END_ELEMENT
		BARRIER();
		EACH_ELEMENT
			const int n = y * COLUMNS + x;
			if (x >= x0 && x < x1 && y >= y0 && y < y1) {
				const int i = fold_x(g, left + x, 0, &sign), j = fold_y(g, bottom + y, 0, &sign);
				real dx = REAL(0.0), dy = REAL(0.0);
				for (int h = 0; h < HALF; h++) {
					dx += weights[2 * HALF + h] * (vx[n + 1 + h] - vx[n - h]);
					dy += weights[3 * HALF + h] * (vy[n + (1 + h) * COLUMNS] - vy[n - h * COLUMNS]);
				}
#if LAYERS
				if (memory_x(g, i, j, 0) >= 0) {
					psi_px[c] = remember_x(g, layers, i, 0, psi_px[c], dx);
					dx += psi_px[c];
				}
				if (memory_y(g, i, j, 0) >= 0) {
					psi_py[c] = remember_y(g, layers, j, 0, psi_py[c], dy);
					dy += psi_py[c];
				}
#endif
				p[n] = damping(g, sponge, i, j, 0, 0) * (p[n] - OF(k, j * g.pitch + i) * (dx + dy));
			}
		END_ELEMENT
		BARRIER();
#if OUTER
		for (int e = range[2] + item; e < range[3]; e += GROUP_X * GROUP_Y)
			p[elements[3 * e]] += injection(elements + 3 * e, shares, sources, amplitudes, row);
		BARRIER();
		const int at = sample_row + step * sample_columns;
		for (int e = range[3] + item; e < range[4]; e += GROUP_X * GROUP_Y)
			samples[at + elements[3 * e + 1]] = p[elements[3 * e]];
		for (int e = range[4] + item; e < range[5]; e += GROUP_X * GROUP_Y)
			samples[at + elements[3 * e + 1]] = vx[elements[3 * e]];
		for (int e = range[5] + item; e < range[6]; e += GROUP_X * GROUP_Y)
			samples[at + elements[3 * e + 1]] = vy[elements[3 * e]];
		BARRIER();
#endif
	}

	// A tile has the faces before its cells, the last one also those behind them.
	const int end_x = left + HALO + WIDTH < g.nx ? left + HALO + WIDTH : g.nx;
	const int end_y = bottom + HALO + HEIGHT < g.ny ? bottom + HALO + HEIGHT : g.ny;
	EACH_ELEMENT
		const int n = y * COLUMNS + x, i = left + x, j = bottom + y, at = j * g.pitch + i;
		const int own = x >= HALO && y >= HALO;
		if (own && i < end_x && j < end_y) {
			new_p[at] = p[n];
#if LAYERS
			const int mx = memory_x(g, i, j, 0), my = memory_y(g, i, j, 0);
			if (mx >= 0)
				new_psi[mx] = psi_px[c];
			if (my >= 0)
				new_psi[my] = psi_py[c];
#endif
		}
		if (own && i < end_x + (end_x == g.nx) && j < end_y) {
			new_vx[at] = vx[n];
#if LAYERS
			const int m = memory_x(g, i, j, 1);
			if (m >= 0)
				new_psi[m] = psi_vx[c];
#endif
		}
		if (own && i < end_x && j < end_y + (end_y == g.ny)) {
			new_vy[at] = vy[n];
#if LAYERS
			const int m = memory_y(g, i, j, 1);
			if (m >= 0)
				new_psi[m] = psi_vy[c];
#endif
		}
	END_ELEMENT
}
