/* What a worker gives up once it has what it needs. */
#ifndef SERVER_CONFINE_INTERNAL_H
#define SERVER_CONFINE_INTERNAL_H

/* For good, and for everything that this process does from now on. What the kernel does not offer
 * is left out: server_confinement says so. */
void confine__apply(void);

#endif
