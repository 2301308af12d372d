// Package csvscan reads numbers from CSV files at the speed of memory: only the
// columns that are asked for are looked at, numbers are read where they stand, and
// nothing is allocated for a record.
//
// A record is a line. Fields are separated by commas, or another byte; spaces
// before a field are skipped. A field that begins with a quote ends with one, and
// holds a quote as two. Lines end with LF or CR LF, and empty ones are skipped.
// That is what encoding/csv reads with TrimLeadingSpace, but for one thing: whether
// a quoted field may go on in the next line is for the caller to say. If not, a
// file can be cut into ranges at any line, see [Scanner.Range].
//
// A record that cannot be read, or has more or fewer fields than the others, is an
// error of its own: the next one follows.
package csvscan
