/**
 * The command `faketime`, to be followed by its arguments. It names what it shares with its children after its process, and leaves it
 * behind: of an earlier process with the same number it must be cleared away, or it does not start.
 */
export const faketime = ["/bin/sh", "-c", 'rm -f /dev/shm/sem.faketime_sem_$$ /dev/shm/faketime_shm_$$; exec faketime "$@"', "faketime"];
