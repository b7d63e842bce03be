package main

import (
	"errors"
	"fmt"
	"os"
)

// recording is the file of --record. Every line is in the file when it has been
// written: nothing waits in a buffer that a crash would lose.
type recording struct {
	file    *os.File
	created bool  // it was not there before
	err     error // the first; nothing is written after it
}

// openRecording opens a recording that only its owner can read, since payloads are
// recorded as they are. What is in an existing file stays until begin is called.
func openRecording(name string) (*recording, error) {
	_, missing := os.Lstat(name)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot record: %w", err)
	}
	return &recording{file: f, created: missing != nil}, nil
}

// begin leaves nothing of what an existing file held.
func (r *recording) begin() error {
	info, err := r.file.Stat()
	if err == nil && info.Mode().IsRegular() {
		err = errors.Join(r.file.Chmod(0o600), r.file.Truncate(0))
	}
	if err != nil {
		_ = r.file.Close()
		return fmt.Errorf("cannot record: %w", err)
	}
	return nil
}

// abandon closes a recording that was not begun.
func (r *recording) abandon() {
	_ = r.file.Close()
	if r.created {
		_ = os.Remove(r.file.Name())
	}
}

// write adds a line, and reports the first failure.
func (r *recording) write(line []byte) error {
	if r == nil || r.err != nil {
		return nil
	}
	if _, err := r.file.Write(line); err != nil {
		r.err = fmt.Errorf("the recording %s ends here: %w", r.file.Name(), err)
	}
	return r.err
}

// close ends the recording and says whether it is complete.
func (r *recording) close() error {
	if r == nil {
		return nil
	}
	if err := r.file.Close(); err != nil && r.err == nil {
		r.err = err
	}
	return r.err
}
