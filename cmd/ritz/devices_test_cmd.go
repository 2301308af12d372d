package main

import "context"

// testDevice is ritz devices test.
func testDevice(_ context.Context, _ []string, s streams) int {
	return misused("devices", s, "test is not there yet")
}
