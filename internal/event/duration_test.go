package event

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDuration(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0.0 s", 59.94: "59.9 s", 60: "1:00", 3599.4: "59:59", 3600: "1:00:00", 90061: "25:01:01"} {
		assert.Equal(t, want, Duration(seconds))
	}
}
