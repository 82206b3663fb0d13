//go:build tools

package main

// KubeRay's own tests need this module.
import _ "github.com/stretchr/testify/require"
