package gpu

import "github.com/seed-0772dd2d/ritz/gpu/internal/driver"

// The faults that a caller can act upon.
var (
	ErrNoBackend = driver.ErrNoBackend // no library of a driver was found
	ErrNoDevice  = driver.ErrNoDevice  // the driver has no device of that number
	ErrNoFloat64 = driver.ErrNoFloat64 // the device has no double precision
	ErrMemory    = driver.ErrMemory    // out of device memory
	ErrLost      = driver.ErrLost      // the device is gone: reset, unplugged, crashed
	ErrClosed    = driver.ErrClosed    // used after Close
	ErrArgument  = driver.ErrArgument  // an argument that does not fit
	ErrCompile   = driver.ErrCompile   // a program does not compile
)

// DriverError is what a driver answered to a call: the vendor's code and name. It
// wraps one of the faults above where it is one.
type DriverError = driver.Error
