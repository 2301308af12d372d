package distributed

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	registerTestFunctions()
	coordinatorMain()
	Main() // the test program is also a worker and a child of one
	os.Exit(m.Run())
}
