package linalg

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// grownRows are k rows that grow a positive definite A into one.
func grownRows(a Matrix, k int) Matrix {
	n := a.Rows
	rows := normals(8, k, n+k)
	for i := range k {
		for j := range n {
			rows.Data[i*(n+k)+j] *= 0.1
		}
		rows.Data[i*(n+k)+n+i] += float64(n + 10*k)
	}
	return rows
}

// A grown factor is that of the grown matrix.
func TestAppend(t *testing.T) {
	w := NewWorkspace(2)
	most := 2*order + 3
	all := gram(7, most, float64(most))
	for _, n := range []int{0, 1, 64, order} {
		for _, k := range []int{0, 1, 9, order + 3} {
			whole := all.Part(0, 0, n+k, n+k)
			c := factored(t, 2, whole.Part(0, 0, n, n))
			before := clone(c.L())
			rows := clone(whole.Part(n, 0, k, n+k))
			grown, err := c.Append(w, rows)
			require.NoError(t, err)
			require.Equal(t, bits(before.Data), bits(c.L().Data)) // the factor is as it was
			want := lower(factored(t, 2, whole).L())
			requireNear(t, want, lower(grown.L()), 8*float64(n+k)*unit*norm(want), n, k)
		}
	}
}

func TestAppendIndefinite(t *testing.T) {
	n := 40
	c := factored(t, 1, gram(1, n, 1))
	rows := grownRows(c.L(), 3)
	rows.Data[1*(n+3)+n+1] = -1
	_, err := c.Append(NewWorkspace(1), rows)
	var bad *NotPositiveDefiniteError
	require.ErrorAs(t, err, &bad)
	require.Equal(t, n+1, bad.Index)
}
