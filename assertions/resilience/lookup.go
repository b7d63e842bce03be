package resilience

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// lookUp finds a program, and checks the folder it is to run in.
func lookUp(program, dir string) (string, error) {
	if dir != "" {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return "", fmt.Errorf("its Dir %s is not a folder; a relative one starts at %s", dir, workingDir())
		}
	}
	if filepath.Base(program) == program {
		path, err := exec.LookPath(program)
		if err != nil {
			return "", fmt.Errorf("there is no program %q in the folders of PATH, which are %s: %w; install it, or give its path",
				program, os.Getenv("PATH"), errors.Unwrap(err))
		}
		return filepath.Abs(path)
	}
	path := program
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	switch _, err := exec.LookPath(path); {
	case err == nil:
		return path, nil
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("there is no file %s; build it first, or correct the path (a relative one starts at Dir, or else at the test's folder)", path)
	default:
		return "", fmt.Errorf("%s cannot be run: %w; it has to be a file with the permission to execute it", path, errors.Unwrap(err))
	}
}

func workingDir() string {
	wd, err := os.Getwd()
	if err != nil {
		return "the test's folder"
	}
	return wd
}
