/** An object of the application's own, for a spy to look at. */
export const shardKey = {
  of(user) {
    return user.toLowerCase();
  },
};
