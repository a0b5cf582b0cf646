/* Random numbers as Rust's standard library asks Windows for them, for wine older than 9, which lacks
 * this library. For tests only; CONTRIBUTING.md says how. */
#include <stddef.h>

__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *buffer, unsigned long length);

__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *buffer, size_t length)
{
    return SystemFunction036(buffer, (unsigned long)length);
}
