#!/usr/bin/env bash
# What there is to see when Dawn finds no GPU: driver files, libraries that are missing, and the loader's own log.
# usage: bash scripts/gpu-check/diagnosis.sh     from the root of the kit, in the environment that run.sh makes

nvidia-smi -L
ldconfig -p | grep -E 'libvulkan|libX11|nvidia' | head -20
ls -l /usr/local/nvidia/share/vulkan/icd.d /etc/vulkan/icd.d /usr/share/vulkan/icd.d
[ -z "${VK_DRIVER_FILES:-}" ] || cat "$VK_DRIVER_FILES"
for library in /usr/local/nvidia/lib64/lib{GLX,EGL}_nvidia.so.0; do
  [ ! -e "$library" ] || ldd "$library" | grep 'not found'
done
VK_LOADER_DEBUG=error,warn,driver node scripts/gpu-check/adapter.mjs 2>&1 | grep -E '^(ERROR|WARN|DRIVER)' | tail -20
