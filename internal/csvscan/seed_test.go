package csvscan

import "flag"

// Property tests draw the same values every time; -rapid.seed=N draws others.
func init() {
	if err := flag.Set("rapid.seed", "1"); err != nil {
		panic(err)
	}
}
