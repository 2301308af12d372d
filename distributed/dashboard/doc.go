// Package dashboard TODO
package dashboard
