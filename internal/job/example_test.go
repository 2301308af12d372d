package job_test

import (
	"fmt"

	"github.com/seed-0772dd2d/ritz/internal/job"
)

func ExampleLoad() {
	_, err := job.Load("../../examples/heat.yaml", []string{
		"points.interor=1e4",
		"constants.k=0.1/pie",
	})
	fmt.Println(err)
	// Output:
	// --set constants.k=0.1/pie: constants.k: column 5: unknown name "pie": did you mean "pi"?
	// --set points.interor=1e4: points: unknown key "interor": did you mean "interior"?
}
