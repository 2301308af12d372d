// Sources, between the launches of the plain and the fused scheme: each work item has an
// element of a field.
KERNEL inject(GLOBAL const int *RESTRICT elements, const int first, const int n,
	GLOBAL const real *RESTRICT shares, GLOBAL const int *RESTRICT sources,
	GLOBAL const real *RESTRICT amplitudes, const int row, GLOBAL real *RESTRICT field)
{
	const int e = GLOBAL_ID(0);
	if (e >= n)
		return;
	GLOBAL const int *element = elements + 3 * (first + e);
	field[element[0]] += injection(element, shares, sources, amplitudes, row);
}
