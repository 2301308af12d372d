// The plain scheme, first half: the velocities from t - dt/2 to t + dt/2, in place.
KERNEL velocities(GLOBAL const int *RESTRICT shape, GLOBAL const real *RESTRICT weights,
	GLOBAL const real *RESTRICT p, GLOBAL real *RESTRICT vx, GLOBAL real *RESTRICT vy,
	GLOBAL const real *RESTRICT bx, GLOBAL const real *RESTRICT by,
	GLOBAL real *RESTRICT psi, GLOBAL const real *RESTRICT layers, GLOBAL const real *RESTRICT sponge)
{
	const Grid g = GRID(shape);
	const int groups = (g.nx + GROUP_X) / GROUP_X; // in a row of nx + 1
	const int row = GROUP(0) / groups, i = (GROUP(0) - row * groups) * GROUP_X + LOCAL_ID(0);
	const int j = row * GROUP_Y + LOCAL_ID(1);
	const int at = j * g.pitch + i;
	if (i <= g.nx && j < g.ny) {
		real d = ddx(g, weights, p, i, j);
		const int m = memory_x(g, i, j, 1);
		if (m >= 0) {
			psi[m] = remember_x(g, layers, i, 1, psi[m], d);
			d += psi[m];
		}
		vx[at] = damping(g, sponge, i, j, 1, 0) * (vx[at] - OF(bx, at) * d);
	}
	if (i < g.nx && j <= g.ny) {
		real d = ddy(g, weights, p, i, j);
		const int m = memory_y(g, i, j, 1);
		if (m >= 0) {
			psi[m] = remember_y(g, layers, j, 1, psi[m], d);
			d += psi[m];
		}
		vy[at] = damping(g, sponge, i, j, 0, 1) * (vy[at] - OF(by, at) * d);
	}
}
