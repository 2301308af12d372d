// Receivers, after a step of the plain and the fused scheme: each work item has an element
// of a field.
//
// elements: place in the field and column of the samples, of each; the third is not used.
// row: where the samples of the step begin.
KERNEL sample(GLOBAL const int *RESTRICT elements, const int first, const int n,
	GLOBAL const real *RESTRICT field, GLOBAL real *RESTRICT samples, const int row)
{
	const int e = GLOBAL_ID(0);
	if (e >= n)
		return;
	GLOBAL const int *element = elements + 3 * (first + e);
	samples[row + element[1]] = field[element[0]];
}
