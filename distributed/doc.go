// Package distributed spreads tasks over many machines, on NATS JetStream.
package distributed
